"""The page of a run or of a sweep: one HTML file that needs no network, no server and no other file.

run_page, sweep_page                       what each page holds, section by section
elements, page_tables, cells_table         HTML of texts, of the tables that `show` prints, of a sweep's cells
svg_figures                                the figures as inline SVG
assumptions, written_settings, reproduce   what the numbers hang on: in words, as keys, as a command
auctions_shown, surroundings, explorer     which auctions can be explored, and all that sim/explain tells of them
page_file                                  the template, the style sheet and the scripts put together
"""
