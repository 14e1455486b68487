"""What is called for a chapter: also for one that is parameters alone and has no folder."""

from rdfia.analyse.results import ChapterResult
from rdfia.report.engine.collect import chapter_makers, study_makers


def test_a_chapter_without_a_folder_has_what_its_kind_has() -> None:
    alone, own = ChapterResult("no_folder", "mnist", (), "cnn"), ChapterResult("cnn", "cifar10", (), "cnn")
    assert [maker.function for maker in chapter_makers(alone)] == [maker.function for maker in chapter_makers(own)]
    assert study_makers([alone]) == study_makers([own])
    assert len(chapter_makers(ChapterResult("no_folder", "mnist", (), "no_kind"))) > 0
