/** Seconds as people say them: `6 s`, `2.3 s` where tenths are known, `4 m 05 s`. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
}
