import type { QuantizedTable } from '../../../src/classifier/model-weights.js';
import { PackedTable, Pool, type RowTable } from '../../../src/classifier/pool.js';
import { SimdTable } from '../../../src/classifier/simd-table.js';

function moved(table: QuantizedTable): RowTable {
  const [simd] = SimdTable.move(table) ?? [];
  if (simd === undefined) throw new Error('WebAssembly has no vector instructions here');
  return simd;
}

describe.each<[string, (table: QuantizedTable) => RowTable]>([
  ['plain', (table) => new PackedTable(table)],
  ['WebAssembly', moved],
])('Pool, %s', (_table, tableOf) => {
  it.each([
    ['few rows of ten columns', 10, 7],
    ['more rows than 16 bits hold at once', 10, 1000],
    ['columns that fill whole words', 8, 300],
    ['more rows than one call of the module takes', 10, 9001],
    ['more columns than a vector has', 32, 1000],
    ['no row', 10, 0],
  ])('sums %s', (_name, columns, count) => {
    const rows = 50;
    const values = Uint8Array.from({ length: rows * columns }, (_, at) => (at * 97 + 13) % 256);
    values.fill(255, 0, columns);
    const table = tableOf({ values, columns, scale: 0.5, min: -3 });
    const buckets = Int32Array.from({ length: count }, (_, at) => (at % 3 === 0 ? 0 : (at * 31) % rows));
    const pool = new Pool(table);
    pool.add(buckets, Math.floor(count / 2));
    pool.add(buckets.subarray(Math.floor(count / 2)), count - Math.floor(count / 2));
    const sums = new Float64Array(columns);
    pool.addTo(sums);
    const copy = new Pool(table);
    copy.copyFrom(pool);
    const copied = new Float64Array(columns);
    copy.addTo(copied);
    expect(copied).toEqual(sums);
    for (let column = 0; column < columns; column++) {
      const total = buckets.reduce((sum, bucket) => sum + (values[bucket * columns + column] ?? 0) * 0.5 - 3, 0);
      expect(sums[column]).toBeCloseTo(count === 0 ? 0 : total / Math.sqrt(count), 6);
    }
    pool.reset();
    const empty = new Float64Array(columns);
    pool.addTo(empty);
    expect([...empty]).toEqual(new Array(columns).fill(0));
  });
});
