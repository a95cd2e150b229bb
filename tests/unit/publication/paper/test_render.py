import pypdf
import pytest
import typst

from cisflow.publication.paper.render import render_paper
from cisflow.study.marks import marks_of


@pytest.mark.parametrize("run", ["synthetic_paper", "real_paper"])
def test_the_paper_is_set_and_the_same_again(run, request, root, tmp_path):
    context = request.getfixturevalue(run)
    for name in ("one.pdf", "two.pdf"):
        render_paper(context, tmp_path / name, root / "paper/paper.typ")
    one, two = ((tmp_path / name).read_bytes() for name in ("one.pdf", "two.pdf"))
    assert one.startswith(b"%PDF")
    assert one == two


def test_every_page_carries_every_mark_of_its_run(real_paper, root, tmp_path):
    marks = [{"name": m.name, "told": m.told} for m in marks_of("synthetic", 12)]
    for name, context in {"bare": real_paper, "marked": {**real_paper, "marks": marks}}.items():
        render_paper(context, tmp_path / f"{name}.pdf", root / "paper/paper.typ")
        pages = [p.extract_text() for p in pypdf.PdfReader(tmp_path / f"{name}.pdf").pages]
        for words in ("SYNTHETIC data", "DRAFT MAPPING (12 variables unconfirmed)"):
            assert {words in page for page in pages} == {name == "marked"}


@pytest.mark.parametrize(("rows", "pages"), [(20, 1), (150, 4)])
def test_a_table_taller_than_a_page_runs_over(root, tmp_path, rows, pages):
    template = (root / "paper/paper.typ").read_text(encoding="utf-8")
    begin = template.index("#let print-table(t)")
    code = template[begin : template.index("#let print-tables(")]
    (tmp_path / "tables").mkdir()
    lines = ", ".join(f"[{i}], [x]" for i in range(rows))
    table = f"#figure([#table(columns: 2, {lines})], caption: [c], kind: table)"
    (tmp_path / "tables/long.typ").write_text(table)
    (tmp_path / "page.typ").write_text(
        '#set page(paper: "a4", margin: 2.5cm)\n#set text(size: 9pt)\n'
        f'#set figure(placement: auto)\n{code}\n#print-table((name: "long"))'
    )
    drawn = typst.compile(tmp_path / "page.typ", root=tmp_path, format="png", ppi=10)
    assert (len(drawn) if isinstance(drawn, list) else 1) == pages
