"""The entry point: `make dashboard` runs it. Lists the pages, nothing else."""

from pathlib import Path

import streamlit as st

PAGES = {
    "Results": [
        ("overview", "Scorecard", ":material/speed:"),
        ("channels", "Channels and campaigns", ":material/campaign:"),
        ("cohorts", "Cohorts", ":material/groups:"),
    ],
    "Journeys": [
        ("journeys", "Journey map", ":material/route:"),
        ("handoffs", "Hand-offs and drop-offs", ":material/swap_horiz:"),
        ("funnels", "Funnels", ":material/filter_alt:"),
        ("friction", "Friction roadmap", ":material/construction:"),
    ],
    "Activation": [
        ("segments", "Segments", ":material/group_work:"),
        ("activation", "Activation", ":material/send:"),
    ],
    "Identity": [
        ("identity", "Identity health", ":material/fingerprint:"),
        ("person", "One person's story", ":material/person_search:"),
    ],
}

# a file: Streamlit's own icons and emoji are fetched from outside for a tab's icon
ICON = str(Path(__file__).with_name("icon.png"))
st.set_page_config(page_title="Crossweave", page_icon=ICON, layout="wide")
st.navigation(
    {
        group: [
            st.Page(f"views/{name}.py", title=title, icon=icon, url_path=name)
            for name, title, icon in pages
        ]
        for group, pages in PAGES.items()
    }
).run()
