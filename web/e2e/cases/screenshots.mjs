export async function screenshots(t) {}
