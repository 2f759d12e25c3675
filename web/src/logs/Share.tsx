import { useI18n } from "../i18n";
import styles from "./Share.module.css";

// A part of a whole, as a bar and in per cent.
export function Share({ share }: { share: number }) {
  const { percent } = useI18n();
  return (
    <span className={styles.share} data-share={share.toFixed(4)}>
      <i>
        <i style={{ width: `${Math.min(100, Math.max(share * 100, 0.5))}%` }} />
      </i>
      <b>{percent(share)}</b>
    </span>
  );
}
