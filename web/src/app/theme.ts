import { createTheme, type MantineColorsTuple } from "@mantine/core";

// Slate with a little blue: calmer behind coloured text than neutral grey.
const dark: MantineColorsTuple = [
  "#d6dbe4",
  "#b3bac7",
  "#8b94a4",
  "#626c7d",
  "#3d4553",
  "#2c333f",
  "#222832",
  "#191e26",
  "#13171d",
  "#0d1014",
];

const sea: MantineColorsTuple = [
  "#e3f8f5",
  "#c8ede8",
  "#94dad1",
  "#5cc6b9",
  "#35b5a6",
  "#20aa9a",
  "#0f9a8b",
  "#078476",
  "#006a5f",
  "#00544b",
];

export const theme = createTheme({
  primaryColor: "sea",
  primaryShade: { light: 7, dark: 5 },
  colors: { dark, sea },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', 'DejaVu Sans Mono', Consolas, monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  defaultRadius: "sm",
  cursorType: "pointer",
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, fz: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
  },
});
