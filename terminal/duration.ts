/** Seconds as people say them: `6 s`, `2.3 s` where tenths are known, `4 m 05 s`, `2 h 05 m`. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes >= 120) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`;
  return `${minutes} m ${String(whole % 60).padStart(2, "0")} s`;
}
