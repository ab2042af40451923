"""The pages, one file each: `app.py` lists them, Streamlit runs the file."""
