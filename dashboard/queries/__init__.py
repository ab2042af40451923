"""The SQL of the pages, one module per page: what a person chose enters as parameters only."""
