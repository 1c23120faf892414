"""What tests ask of a page in a browser."""

# The place of each cursor as a share of its panel.
CURSORS = """() => [...document.querySelectorAll(".cursor")].map((cursor) =>
  (cursor.getBoundingClientRect().left + 1 - cursor.parentElement.getBoundingClientRect().left)
  / cursor.parentElement.clientWidth)"""
BODY = """() => document.querySelector(".body").toDataURL()"""
