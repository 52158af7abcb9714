"""Pictures of machines and plans (流程图与时间表): neutral graph values, and Mermaid, DOT and SVG text made of them."""
