"""The promotion gate: may a challenger take the champion's place? It answers passed, refused or NOT EVALUABLE."""
