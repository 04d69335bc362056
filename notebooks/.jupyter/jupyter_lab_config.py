"""Settings of JupyterLab for `toolkit lab`: it listens on this computer only and asks the network for nothing."""

c = get_config()  # noqa: F821 (Jupyter gives it to the file)

# The server listens to this machine alone, whatever "localhost" may mean on it.
c.ServerApp.ip = "127.0.0.1"

# No news, no look for a newer JupyterLab, no list of extensions to install.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
