"""Makes the small files in formats/ that tests read, in the exact layout of their sources.

Needs pyarrow, scipy, h5py and openpyxl; the files it made are committed. Run it in its folder.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pyarrow as pa
import scipy.io
import scipy.sparse
from pyarrow import feather, parquet

HERE = Path(__file__).parent / "formats"
BIG = 720575940621280688  # BIG and BIG + 1 are equal as floats


def texts():
    """CSV, JSON, XML."""
    files = {
        "codex/connections.csv": "pre_root_id,post_root_id,neuropil,syn_count,nt_type\n"
        f"{BIG},{BIG + 1},EB,5,GABA\n{BIG},{BIG + 1},PB,7,GABA\n"
        f"{BIG + 1},{BIG},EB,6,ACH\n{BIG + 1},{BIG + 2},PB,9,ACH\n{BIG + 2},{BIG},EB,5,GLUT\n",
        "codex/neurons.csv": "root_id,group,nt_type,nt_type_score,da_avg,ser_avg\n"
        f"{BIG + 2},EB.PB,GLUT,0.62,0.1,0.1\n{BIG + 1},EB.PB,ACH,0.9,0.1,0.1\n"
        f"{BIG},EB,GABA,0.81,0.1,0.1\n{BIG + 3},EB,,0.0,,\n",
        "codex/classification.csv": "root_id,flow,super_class,class,sub_class,hemilineage,side,"
        f"nerve\n{BIG},intrinsic,central,CX,ring neuron,EBa1,left,\n"
        f"{BIG + 1},intrinsic,central,CX,,,right,\n"
        f"{BIG + 2},afferent,sensory,olfactory,,,left,AN\n",
        "neuprint/traced-neurons.csv": "bodyId,type,instance\n"
        "387364605,EPG,EPG(PB08)_L3\n1167295872,ER4d,ER4d(ring)_L\n1167641412,ER4m,\n",
        "neuprint/traced-total-connections.csv": "bodyId_pre,bodyId_post,weight\n"
        "387364605,1167295872,4\n387364605,1167641412,10\n1167641412,387364605,3\n",
        "neuprint/traced-roi-connections.csv": "bodyId_pre,bodyId_post,roi,weight\n"
        "387364605,1167295872,EB,3\n387364605,1167295872,PB,1\n387364605,1167641412,EB,10\n",
        "shiu/Completeness_783.csv": f",Completed\n{BIG + 1},True\n{BIG},True\n{BIG + 2},True\n",
        "cect_edges.csv": "Source,Target,Weight,Type\nI1L , I2L           ,10,chemical\n"
        "I2L , I1L           ,3,chemical\nI1L , MCL           ,2,electrical\n"
        "MCL , I1L           ,2,electrical\n",
        "square.csv": ",29,84\n29,0.0,9.0\n84,6.0,0.0\n",
        "blanks.csv": "0 4 0 \n1 0 0 \n2 0 3 \n",
        "small.graphml": """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="edge" attr.name="weight" attr.type="double"><default>2.0</default></key>
  <key id="d1" for="node" attr.name="class" attr.type="string"/>
  <graph edgedefault="directed">
    <node id="AVAL"><data key="d1">AVA</data></node>
    <node id="AVAR"/>
    <edge source="AVAL" target="AVAR"><data key="d0">3.5</data></edge>
    <edge source="AVAR" target="AVAL"/>
  </graph>
</graphml>
""",
        "small.mtx": """%%MatrixMarket matrix coordinate integer symmetric
% names are in another file
3 3 2
2 1 4
3 3 1
""",
        "small.nml": """<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="Small">
  <network id="SmallNet">
    <population id="PopDD" component="DD" size="2" type="populationList">
      <instance id="0"><location x="0" y="0" z="0"/></instance>
      <instance id="1"><location x="0" y="0" z="1"/></instance>
    </population>
    <population id="AVAL" component="GenericCell" size="1"/>
    <projection id="p" presynapticPopulation="AVAL" postsynapticPopulation="PopDD" synapse="s">
      <connection id="0" preCellId="../AVAL[0]" postCellId="../PopDD[1]"/>
    </projection>
    <electricalProjection id="e" presynapticPopulation="PopDD" postsynapticPopulation="PopDD">
      <electricalConnectionInstanceW id="0" preCell="../PopDD/0/DD" postCell="../PopDD/1/DD" """
        """synapse="gap" weight="0.25"/>
    </electricalProjection>
    <continuousProjection id="c" presynapticPopulation="PopDD" postsynapticPopulation="AVAL">
      <continuousConnectionInstanceW id="0" preCell="../PopDD/0/DD" postCell="../AVAL/0/G" """
        """preComponent="silent" postComponent="syn" weight="-0.5"/>
    </continuousProjection>
  </network>
</neuroml>
""",
    }
    for name, text in files.items():
        (HERE / name).write_text(text)
    node = {"activation": "relu", "bias": 0.5, "time_constant": None}
    nodes = [
        {"name": "R1", "pattern": ["stride", [1, 1]], **node},
        {"name": "L1", "pattern": ["tile", 1], **node},
        {"name": "Lawf1", "pattern": ["stride", [3, 2]], **node},
        {"name": "Am", "pattern": ["single", None], **node},
    ]
    edges = [
        {"src": "R1", "tar": "L1", "offsets": [[[0, 0], 40], [[1, 0], 2.5]], "alpha": -1},
        {"src": "L1", "tar": "Lawf1", "offsets": [[[0, 1], 4]], "alpha": 1},
        {"src": "R1", "tar": "Am", "offsets": [[[-1, 0], 1]], "alpha": -1},
    ]
    (HERE / "flyvis.json").write_text(json.dumps({"nodes": nodes, "edges": edges}, indent=1))
    matrices = {
        "Acetylcholine": [[0.0, 7.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        "GABA": [[0.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]],
        "Generic_GJ": [[0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]],
    }
    cect = {"nodes": ["PVCL", "DD4", "VD6"], "connections": matrices, "summary": "three cells"}
    (HERE / "cect.json").write_text(json.dumps(cect, indent=1))


def banc():
    """The compiled tables of BANC; the first neuron has no edge."""
    folder = HERE / "banc"
    folder.mkdir(exist_ok=True)
    ids = [str(BIG + k) for k in (3, 1, 0, 2)]
    edges = {
        "pre": [str(BIG), str(BIG), str(BIG + 1)],
        "post": [str(BIG + 1), str(BIG + 2), str(BIG)],
        "count": pa.array([3, 4, 5], pa.int32()),
        "norm": [0.5, 1.0, 1.0],
        "post_count": pa.array([6, 4, 5], pa.int32()),
        "pre_count": pa.array([7, 7, 5], pa.int32()),
    }
    meta = {
        "banc_888_id": ids,
        "root_626": ids,
        "side": ["left", "right", None, None],
        "super_class": ["sensory", "descending", None, None],
        "cell_class": ["gustatory", None, None, None],
        "cell_type": ["GRN", "DNp01", None, None],
        "neurotransmitter_predicted": ["acetylcholine", "gaba", None, None],
        "neurotransmitter_score": [0.9, 0.75, None, None],
    }
    feather.write_feather(pa.table(edges), folder / "banc_888_edgelist_simple_v2.feather")
    feather.write_feather(pa.table(meta), folder / "banc_888_meta.feather")


def binaries():
    """Parquet, Feather, MATLAB, HDF5, workbook, NumPy and SciPy, zip."""
    ids = pa.array([BIG, BIG, BIG + 1, BIG + 2], pa.int64())
    to = pa.array([BIG + 1, BIG + 2, BIG, BIG], pa.int64())
    count, sign = pa.array([3, 4, 5, 6], pa.int64()), pa.array([1, 1, -1, 1], pa.int64())
    shiu = {
        "Presynaptic_ID": ids,
        "Postsynaptic_ID": to,
        "Presynaptic_Index": pa.array([1, 1, 0, 2]),
        "Postsynaptic_Index": pa.array([0, 2, 1, 1]),
        "Connectivity": count,
        "Excitatory": sign,
        "Excitatory x Connectivity": pa.array([3, 4, -5, 6]),
    }
    parquet.write_table(pa.table(shiu), HERE / "shiu/Connectivity_783.parquet")
    edges = pa.table({"source": ids, "target": to, "weight": pa.array([1.5, 2, 3, 4])})
    parquet.write_table(edges, HERE / "edges.parquet", compression="zstd")
    names = pa.array([" A", "B", "A", "C"]).dictionary_encode()
    words = {"pre": names, "post": ["B", "A", "C", "A"], "sign": ["1", "-1", "", "exc"]}
    feather.write_feather(pa.table(words), HERE / "edges.feather")
    banc()
    cells = np.array([["AS01"], ["DD01"], ["MDlr01"]], dtype=object)
    chemical = np.array([[0, 0, 0], [1.5, 0, 0], [10.3, -2, 0]])  # [post, pre]
    gap = np.array([[0, 1.0, 0], [0, 0, 0], [0, 0, 0]])
    variables = {"A_conn_full": chemical, "J_conn_full": gap, "Names_conn_full": cells}
    scipy.io.savemat(HERE / "haspel.mat", variables, do_compression=True)
    names = np.array(["AVAL", "AVAR"], dtype=object)
    scipy.io.savemat(HERE / "plain.mat", {"W": np.array([[0, 2.5], [-1, 0]]), "cells": names})
    with h5py.File(HERE / "sonata.h5", "w") as file:
        group = file.create_group("edges/v1_to_v1")
        for name, values in (("source_node_id", [0, 0, 2, 0]), ("target_node_id", [1, 1, 0, 2])):
            data = group.create_dataset(name, data=np.array(values, np.uint64))
            data.attrs["node_population"] = "v1"
        group["edge_type_id"] = np.array([100, 100, 101, 100], np.uint32)
        group["edge_group_id"] = np.zeros(4, np.uint32)
        group["edge_group_index"] = np.arange(4, dtype=np.uint32)
        group["0/nsyns"] = np.array([3, 4, 5, 1], np.uint32)
        group["0/syn_weight"] = np.array([0.5, 0.5, -0.25, 0.125])
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows, columns, numbers in (
        (
            "hermaphrodite chemical",
            ["I1L", "VB01"],
            ["I1L", "VB01", "dBWML1"],
            [[0, 3, 0], [1, 0, 9]],
        ),
        ("hermaphrodite gap jn symmetric", ["I1L", "VB01"], ["I1L", "VB01"], [[0, 2], [2, 4]]),
    ):
        sheet = book.create_sheet(title)
        sheet["D1"] = "PHARYNX"
        sheet["A4"] = "PHARYNX"
        for k, name in enumerate(columns):
            sheet.cell(3, 4 + k, name)
        for k, name in enumerate(rows):
            sheet.cell(4 + k, 3, name)
            sheet.cell(4 + k, 4 + len(columns), f"=SUM(D{4 + k}:F{4 + k})")
            for j, value in enumerate(numbers[k]):
                if value:
                    sheet.cell(4 + k, 4 + j, value)
    book.save(HERE / "cook.xlsx")
    np.save(HERE / "signed.npy", np.array([[0, -2, 0], [1, 0, 0], [0, 0, 0.5]]))
    scipy.sparse.save_npz(HERE / "sparse.npz", scipy.sparse.csc_matrix([[0, 2], [3, 0]]))
    with zipfile.ZipFile(HERE / "winding.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        folder = "Supplementary-Data-S1"
        archive.writestr(
            f"{folder}/all-all_connectivity_matrix.csv", ",29,84\n29,0.0,9.0\n84,6.0,0.0\n"
        )
        archive.writestr(f"{folder}/ad_connectivity_matrix.csv", ",29,84\n29,0.0,2.0\n84,0.0,0.0\n")
        annotations = "left_id,right_id,celltype,additional_annotations,level_7_cluster\n"
        archive.writestr(
            f"{folder}/annotations.csv", f"{annotations}29,84,KC,x,0\nno pair,7,PN,,1\n"
        )
        archive.writestr(f"__MACOSX/{folder}/._annotations.csv", b"\x00\x05\x16")


if __name__ == "__main__":
    texts()
    binaries()
