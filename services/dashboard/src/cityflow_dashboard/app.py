"""What Streamlit runs for every visitor and every change: it draws the page, and no more."""

from cityflow_dashboard.page import page

page()
