"""A study's methods and results as a paper's section: written from results over one snapshot, the same bytes each time.

document.py says what a report is made of, evidence.py where each figure comes from, chapters/ what it says, and
as_html.py, as_markdown.py and as_pdf.py how it is set.
"""
