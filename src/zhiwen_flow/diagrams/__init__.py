"""Pictures of machines and plans (图示): one neutral graph, drawn as Mermaid, DOT or SVG."""
