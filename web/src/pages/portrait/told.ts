// Which figures tell something of a zone: one that is so by definition is no finding.

/** Shares of dwellings in a QPV, by the scale whose zones are all in it. */
const BY_DEFINITION: Record<string, string> = { P02: 'qpv2024', P03: 'qpv2015' };

/** Whether an indicator is worth a line in the portrait of a zone of this scale: « 100 % en QPV » is not, of a QPV. */
export const isTold = (indicator: string, scale: string): boolean => BY_DEFINITION[indicator] === undefined || BY_DEFINITION[indicator] !== scale;
