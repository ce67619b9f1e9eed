"""Git's wire protocol: over HTTP (`http`), over SSH (`ssh`), and the hook that asks our rules (`hook`)."""
