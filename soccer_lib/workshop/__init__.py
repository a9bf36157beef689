"""Makes and measures what lies in `data/`: walker, kicks, clips, studies, benchmarks; runs runbooks.

An annex: it uses the library, and no room of the library imports it.
"""
