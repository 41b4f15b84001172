"""Networks: conditions -> draft mel -> refined mel. Axis order (batch, mel or channel, frame)."""
