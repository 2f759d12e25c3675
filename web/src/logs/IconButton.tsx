import { Icon, type IconName } from "../app/icons";
import styles from "./IconButton.module.css";

interface Props {
  icon: IconName;
  label: string;
  testId?: string;
  pressed?: boolean;
  onClick(): void;
}

// A small button in a row of a table.
export function IconButton({ icon, label, testId, pressed, onClick }: Props) {
  return (
    <button
      type="button"
      className={styles.icon}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} size={14} />
    </button>
  );
}
