"""neuPrint: classes, regions, archives, and joined tables."""

from __future__ import annotations

import shutil
import tarfile

from conncore.formats import read
from format_files import FILES, edges


def test_neuprint_classes_regions_and_archives(tmp_path):
    fly = read(FILES / "neuprint")
    assert fly.classes == ("EPG", "ER4d", "ER4m")
    assert fly.attributes["instance"] == ("EPG(PB08)_L3", "ER4d(ring)_L", "")
    ring = read(FILES / "neuprint", roi="EB")
    assert edges(ring) == {
        ("387364605", "1167295872"): (3, 0),
        ("387364605", "1167641412"): (10, 0),
    }
    with tarfile.open(tmp_path / "exported.tar.gz", "w:gz") as archive:
        archive.add(FILES / "neuprint", "exported")
    assert read(tmp_path / "exported.tar.gz").checksum == fly.checksum
    shutil.make_archive(str(tmp_path / "exported"), "zip", FILES / "neuprint")
    assert read(tmp_path / "exported.zip").checksum == fly.checksum
    rois = tmp_path / "rois"
    rois.mkdir()
    shutil.copy(FILES / "neuprint" / "traced-roi-connections.csv", rois)
    assert edges(read(rois))["387364605", "1167295872"] == (4, 0)
    joined = tmp_path / "joined.csv"
    joined.write_text(
        "bodyId_pre,bodyId_post,weight,type_pre,type_post,name_pre,name_post\n"
        "1,2,5,EPG,ER2,EPG_L3,ER2_R\n2,1,1,ER2,EPG,ER2_R,EPG_L3\n"
    )
    assert read(joined).classes == ("EPG", "ER2")
    assert read(joined).attributes["instance"] == ("EPG_L3", "ER2_R")
