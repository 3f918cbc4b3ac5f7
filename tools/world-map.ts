// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Outlines of countries for the dashboard, from Natural Earth's shapes (public domain) as world-atlas packs them (TopoJSON). */

import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './sources.ts';

/** Small countries are only in the second one. */
const COARSE = import.meta.resolve('world-atlas/countries-110m.json');
const FINE = import.meta.resolve('world-atlas/countries-50m.json');
/** Paths from the root. */
export const WORLD_INPUTS: readonly string[] = [COARSE, FINE].map((url) =>
  relative(ROOT, fileURLToPath(url)),
);

/** Units of the picture per degree, so that thirds of a degree differ; and the parallels between which people live. */
const UNITS = 3;
const NORTH = 84;
const SOUTH = -57;
const WIDTH = 360 * UNITS;

type Point = readonly [number, number];
type Ring = readonly number[];

/** From TopoJSON: a country, whose rings are made of arcs; a negative number is an arc in reverse. */
interface Country {
  readonly type: 'Polygon' | 'MultiPolygon';
  /** ISO 3166-1 numeric; territories that not everybody recognises have none. */
  readonly id?: string;
  readonly arcs: readonly Ring[] | readonly (readonly Ring[])[];
}

interface Atlas {
  readonly transform: { readonly scale: Point; readonly translate: Point };
  readonly arcs: readonly (readonly Point[])[];
  readonly objects: { readonly countries: { readonly geometries: readonly Country[] } };
}

/**
 * The picture as JSON: its size, and for each country, by its two-letter code, the SVG path that draws it, or the place
 * of one that is too small to see.
 */
export async function worldMap(): Promise<string> {
  const [coarse, fine] = await Promise.all([readAtlas(COARSE), readAtlas(FINE)]);
  const paths: Record<string, string> = {};
  const places: Record<string, Point> = {};
  for (const country of coarse.objects.countries.geometries) {
    const code = codeOf(country);
    if (code !== 'AQ') paths[code] = (paths[code] ?? '') + outlineOf(coarse, country);
  }
  for (const country of fine.objects.countries.geometries) {
    const code = codeOf(country);
    if (code !== 'AQ' && paths[code] === undefined) places[code] = placeOf(fine, country);
  }
  return JSON.stringify({ width: WIDTH, height: (NORTH - SOUTH) * UNITS, paths, places });
}

async function readAtlas(url: string): Promise<Atlas> {
  return JSON.parse(await readFile(fileURLToPath(url), 'utf8')) as Atlas;
}

/** Empty for land that has no code. */
function codeOf({ id }: Country): string {
  return id === undefined ? '' : (new Intl.Locale(`und-${id}`).region ?? '');
}

function ringsOf({ type, arcs }: Country): readonly Ring[] {
  return type === 'Polygon'
    ? (arcs as readonly Ring[])
    : (arcs as readonly (readonly Ring[])[]).flat();
}

/**
 * The points of a ring in units of the picture; points that coincide become one. If the ring crosses the 180th
 * meridian, it continues beyond the edge.
 */
function pointsOf({ transform, arcs }: Atlas, ring: Ring): readonly Point[] {
  const { scale, translate } = transform;
  const points: Point[] = [];
  let turns = 0;
  for (const index of ring) {
    let [x, y] = [0, 0];
    const arc = (arcs[index < 0 ? ~index : index] ?? []).map(([dx, dy]): Point => {
      x += dx;
      y += dy;
      const east = 180 + x * scale[0] + translate[0];
      const south = NORTH - (y * scale[1] + translate[1]);
      return [Math.round(UNITS * east), Math.round(UNITS * south)];
    });
    for (const [east, south] of index < 0 ? arc.toReversed() : arc) {
      const last = points.at(-1);
      const step = last === undefined ? 0 : east + turns * WIDTH - last[0];
      if (Math.abs(step) > WIDTH / 2) turns -= Math.sign(step);
      const point: Point = [east + turns * WIDTH, south];
      if (last?.[0] !== point[0] || last[1] !== point[1]) points.push(point);
    }
  }
  return points;
}

function outlineOf(atlas: Atlas, country: Country): string {
  let path = '';
  for (const ring of ringsOf(country)) {
    const points = pointsOf(atlas, ring);
    if (points.length < 4) continue;
    const easts = points.map(([east]) => east);
    path += pathOf(points, 0);
    // What is beyond one edge appears at the other.
    if (Math.max(...easts) > WIDTH) path += pathOf(points, -WIDTH);
    if (Math.min(...easts) < 0) path += pathOf(points, WIDTH);
  }
  return path;
}

function pathOf([first = [0, 0], ...more]: readonly Point[], shift: number): string {
  let [x, y] = first;
  const steps = more.map(([toX, toY]) => {
    const step = `${toX - x} ${toY - y}`;
    [x, y] = [toX, toY];
    return step;
  });
  return `M${first[0] + shift} ${first[1]}l${steps.join(' ').replaceAll(' -', '-')}z`;
}

/** The middle of its largest part. */
function placeOf(atlas: Atlas, country: Country): Point {
  const rings = ringsOf(country).map((ring) => pointsOf(atlas, ring));
  const [longest = []] = rings.toSorted((a, b) => b.length - a.length);
  const middle = (axis: 0 | 1): number => {
    const places = longest.map((point) => point[axis]);
    return Math.round((Math.min(...places) + Math.max(...places)) / 2);
  };
  return [middle(0), middle(1)];
}
