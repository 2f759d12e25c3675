import type { Line } from "./pretty_json";
import styles from "./LogDetail.module.css";

// Marking it all and copying gives the laid-out JSON.
export function JsonView({ lines }: { lines: Line[] }) {
  return (
    <pre className={styles.text} data-testid="pretty-json">
      {lines.map((line, index) => (
        <span key={index}>
          {"  ".repeat(line.depth)}
          {line.tokens.map((token, at) => (
            <span key={at} className={styles[token.kind]}>
              {token.text}
            </span>
          ))}
          {index < lines.length - 1 ? "\n" : ""}
        </span>
      ))}
    </pre>
  );
}
