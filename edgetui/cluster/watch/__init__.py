"""Lists and watches: the reflector that decides what an event means, the decoders, the informers, who may open when.

Imports link, api, auth and http.
"""
