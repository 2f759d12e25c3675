// A trilobite from above: head shield, ribs, and the raised middle lobe.
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      role="img"
      aria-label="Trilobite"
    >
      <path
        d="M4.5 14.5C4.5 7.5 9.5 3 16 3s11.5 4.5 11.5 11.5C23 12.5 19.5 12 16 12s-7 .5-11.5 2.5Z"
        fill="currentColor"
        fillOpacity={0.25}
      />
      <path d="M6 18.5c3-1.5 6.5-2 10-2s7 .5 10 2M7.5 22.5c2.7-1.2 5.5-1.5 8.5-1.5s5.8.3 8.5 1.5M10.5 26.3c1.8-.6 3.6-.8 5.5-.8s3.7.2 5.5.8" />
      <path d="M13.2 12.5c-.6 5-.2 11 2.8 16.5 3-5.5 3.4-11.5 2.8-16.5" />
    </svg>
  );
}
