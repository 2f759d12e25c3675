import type { ReactNode } from "react";

// Line icons on a 24 grid, drawn for this UI.
const kPaths = {
  logs: <path d="M4 5h16M4 10h10M4 15h16M4 20h7" />,
  fields: <path d="M4 6h5M4 12h8M4 18h3M13 6h7M16 12h4M11 18h9" />,
  patterns: <path d="M4 6h6M14 6h6M4 12h3M11 12h9M4 18h9M17 18h3M11.8 6h.1M8.8 12h.1M14.8 18h.1" />,
  chart: <path d="M4 4v16h16M7.5 15.5l4-5 3.5 3 5-7" />,
  targets: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <circle cx="12" cy="12" r="4.5" />
      <circle cx="12" cy="12" r="0.8" fill="currentColor" />
    </>
  ),
  database: (
    <>
      <ellipse cx="12" cy="6" rx="7.5" ry="2.8" />
      <path d="M4.5 6v12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8V6M4.5 12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8" />
    </>
  ),
  memory: (
    <>
      <rect x="6.5" y="6.5" width="11" height="11" rx="1.5" />
      <path d="M9.5 3v3.5M14.5 3v3.5M9.5 17.5V21M14.5 17.5V21M3 9.5h3.5M3 14.5h3.5M17.5 9.5H21M17.5 14.5H21" />
    </>
  ),
  jobs: <path d="M4 7h7M15 7h5M4 17h3M11 17h9M13 4.5v5M9 14.5v5" />,
  rules: <path d="M4 6.5 6 8.5l3-4M12 7h8M4 16.5l2 2 3-4M12 17h8" />,
  edit: <path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4" />,
  heat: <path d="M4 4v16h16M8 16h2M8 12h2M12.5 16h2M12.5 12h2M12.5 8h2M17 16h2M17 12h2" />,
  plus: <path d="M12 5v14M5 12h14" />,
  exemplar: <path d="M12 3.5 16 8l-4 4.5L8 8zM3.5 20.5c4-7 13-7 17 0" />,
  logarithm: <path d="M4 4v16h16M7 18c1-8 4-11.5 13-12M8 8h.1M8 12h.1" />,
  stack: <path d="M3.5 19.5h17M3.5 16l5-4 5 2 7-6M3.5 11l5-4 5 2 7-6" />,
  play: <path d="M7 4.5v15l12-7.5z" fill="currentColor" />,
  pause: <path d="M8 5v14M16 5v14" />,
  live: (
    <>
      <circle cx="12" cy="12" r="2.5" fill="currentColor" />
      <path d="M7 7a7 7 0 0 0 0 10M17 7a7 7 0 0 1 0 10M4 4a11 11 0 0 0 0 16M20 4a11 11 0 0 1 0 16" />
    </>
  ),
  stop: <rect x="6" y="6" width="12" height="12" rx="1" fill="currentColor" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7v5l3.5 2" />
    </>
  ),
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6" />
      <path d="m15 15 5.5 5.5" />
    </>
  ),
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
    </>
  ),
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />,
  auto: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor" />
    </>
  ),
  help: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M9.7 9.5a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.8-1.1 1.8M12 16.7v.1" />
    </>
  ),
  include: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5 5M7.5 10.5h6M10.5 7.5v6" />
    </>
  ),
  exclude: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5 5M7.5 10.5h6" />
    </>
  ),
  copy: (
    <>
      <rect x="8.5" y="8.5" width="11" height="11" rx="1.5" />
      <path d="M15.5 5.5v-1h-11v11h1" />
    </>
  ),
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  wrap: <path d="M4 6h16M4 12h13a3 3 0 0 1 0 6h-4m2.5-2.5L13 18l2.5 2.5M4 18h5" />,
  down: <path d="M12 5v14m-5-5 5 5 5-5" />,
  up: <path d="M12 19V5M7 10l5-5 5 5" />,
  chevronDown: <path d="m6 9.5 6 6 6-6" />,
  chevronRight: <path d="m9.5 6 6 6-6 6" />,
  chevronLeft: <path d="m14.5 6-6 6 6 6" />,
  context: <path d="M4 4h10M4 8h10M4 12h16M4 16h10M4 20h10" />,
  tags: (
    <>
      <path d="M3.5 4.5v7l8.5 8.5 7-7-8.5-8.5z" />
      <circle cx="7.5" cy="8.5" r="1" />
    </>
  ),
  link: (
    <path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3" />
  ),
  close: <path d="m6 6 12 12M18 6 6 18" />,
  language: <path d="M3.5 6h10M8.5 4v2c0 4-2 7-5 8.5M5.5 9c1 3 3.5 5 6.5 6M12.5 20l4-10 4 10M14 16.5h5" />,
  zoomOut: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5 5M7.5 10.5h6" />
    </>
  ),
  alert: <path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17v.1" />,
  empty: <path d="M4 13.5 6.5 5h11l2.5 8.5V19H4zM4 13.5h5c0 1.6 1.3 3 3 3s3-1.4 3-3h5" />,
  format: <path d="M4 6h16M8 11h12M8 16h12M4 21h10" />,
  refresh: <path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {kPaths[name]}
    </svg>
  );
}
