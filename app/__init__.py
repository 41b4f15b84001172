"""The dashboard: Streamlit pages over recorded traces. Reads svc_core.traces and nothing heavier."""
