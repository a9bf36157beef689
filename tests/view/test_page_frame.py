"""A page in a notebook is shown whole, and cannot leave its frame."""

from html.parser import HTMLParser

from soccer_lib.view.page import show_page


def test_the_frame_holds_the_page_to_the_last_sign(tmp_path):
    page = '<p title="a">x & "y" \'z\' </iframe></p>'
    (tmp_path / "a.html").write_text(page)
    frames = []

    class Frames(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag == "iframe":
                frames.append(dict(attrs))

    Frames().feed(show_page(tmp_path / "a.html", height=300).data)
    (attributes,) = frames
    assert attributes["srcdoc"] == page
    assert attributes["sandbox"] == "" and "height:300px" in attributes["style"]
