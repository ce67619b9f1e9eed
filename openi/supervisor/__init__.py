"""`script/server`: prepares a data directory and keeps the portal's processes running until Ctrl-C or TERM.

Standard library only, and run as a folder (`python -P openi/supervisor`): it must cost no memory and start at once.
Linux only: children carry a mark in their environment, and die with their parent (prctl(2), PR_SET_PDEATHSIG).

`options` the command line · `folder` the data directory and its lock · `prepare` database, static files, demo ·
`addresses` ports and the children's environment · `programs` what is run · `children` one process each · `stem` the one that has
loaded the portal, from which the others are forked, `preloaded` the same for a web server alone (`deploy/`) ·
`leftovers` what an ended server left · `reload` changes of code, `nursery` the web server that shows them · `loop` all of it together.
"""
