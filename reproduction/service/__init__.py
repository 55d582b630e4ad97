"""The worker process of the museum: `python -m reproduction.service` answers questions in frames (`frames`).

A question is a message with "do", the name of a request, and "id"; its answer carries the same "id" and
"ok". What cannot be answered gives {"ok": false, "error": one sentence} and nothing worse. `requests` lists
every request and the module that answers it; the docstring of that module says what goes in and what comes
out. Nothing here is imported before it is asked for: requests that need no torch never wait for it.
"""
