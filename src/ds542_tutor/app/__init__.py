"""The chat server: the only package that imports gradio and fastapi."""
