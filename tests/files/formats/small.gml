graph [
  directed 1
  multigraph 1
  node [
    id 0
    label "A"
    region "lobe"
  ]
  node [
    id 1
    label "B"
    region "eye"
  ]
  edge [
    source 0
    target 1
    key 0
    weight 3
    synapse_type "chemical"
  ]
  edge [
    source 1
    target 0
    key 0
    weight 2
    synapse_type "EJ"
  ]
]
