import { expect, test, vi } from 'vitest';
import { day, later, longDate, shortDate, today } from './dates';

test('days are written in French, long and short', () => {
  expect(longDate('2024-04-14')).toBe('14 avril 2024');
  expect(shortDate('2024-04-14')).toBe('14/04/2024');
  expect(shortDate('')).toBe('');
  expect(day('2026-11-24')).toBe('24 nov. 2026');
  expect([day('2025-10-01'), longDate('2024-01-01'), day('2025-10-11')]).toEqual(['1er oct. 2025', '1er janvier 2024', '11 oct. 2025']);
});

test('a day some years and days from another', () => {
  expect(later('2026-11-30', 3, -1)).toBe('2029-11-29');
  expect(later('2026-11-30', -3, 1)).toBe('2023-12-01');
  expect(later('2026-12-31', 0, 1)).toBe('2027-01-01');
});

test('days of the calendar are counted over the change of the hour', () => {
  vi.useFakeTimers({ now: new Date('2026-11-30T22:03:00Z') });
  expect([today(), today(-45), today(1)]).toEqual(['2026-11-30', '2026-10-16', '2026-12-01']);
  vi.setSystemTime(new Date('2026-11-30T23:03:00Z'));
  expect([today(), today(-45)]).toEqual(['2026-12-01', '2026-10-17']);
  vi.useRealTimers();
});
