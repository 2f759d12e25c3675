import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface Props {
  data: [number[], number[]];
  color: string; // a CSS variable's name
  scheme: "light" | "dark"; // a canvas does not follow it by itself
  width: number;
  height: number;
  label: string;
}

// A line without axes: how something came and went.
export default function Sparkline({ data, color, scheme, width, height, label }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const stroke = getComputedStyle(document.documentElement).getPropertyValue(color).trim();
    const plot = new uPlot(
      {
        width,
        height,
        padding: [2, 1, 2, 1],
        legend: { show: false },
        cursor: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max)] } },
        series: [{}, { stroke, fill: `${stroke}2e`, width: 1.2, points: { show: data[0].length < 2 } }],
      },
      data,
      host.current,
    );
    return () => plot.destroy();
  }, [data, color, scheme, width, height]);
  return <div ref={host} role="img" aria-label={label} style={{ width, height }} />;
}
