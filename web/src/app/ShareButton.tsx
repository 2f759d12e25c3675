import { useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../logs/copy";
import { ToggleButton } from "../logs/Toolbar";

const kCopiedMs = 1500;

// Copies the address: the URL is the state of every page.
export function ShareButton() {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  const share = () => {
    void copyText(location.href).then((done) => {
      setCopied(done);
      setTimeout(() => setCopied(false), kCopiedMs);
    });
  };
  const label = t(copied ? "share.copied" : "share.copy");
  return (
    <ToggleButton icon={copied ? "check" : "link"} label={label} on={copied} testId="share-button" onClick={share} />
  );
}
