import { BEARDED_NAMES } from '../content/member-names.ts';
import type { Member } from '../content/members.ts';
import { SeededRandom } from '../content/seeded-random.ts';

const SKIN = ['#f2d3bc', '#e8bf9f', '#d9a57f', '#b97f57', '#8d5a3a', '#6a4029'];
const HAIR = ['#2a211c', '#4a3325', '#7a5230', '#a87b45', '#c9a66b', '#8c8c8c', '#bdbdbd', '#5e2f1d'];
const CLOTH = ['#24303f', '#3b3f4a', '#2d4a46', '#4a2f3a', '#42506b', '#5a4632'];
const SHIRT = ['#f6f4ee', '#dfe7ee', '#efe3d3', '#d8e4dc'];

/** A drawn likeness: the same member always looks the same, and no two quite alike. */
export function portraitSvg(member: Member): string {
  const random = new SeededRandom(1, `portrait ${member.slug}`);
  const skin = random.pick(SKIN);
  const hair = random.pick(HAIR);
  const cloth = random.pick(CLOTH);
  const face = random.between(31, 36);
  const bearded = BEARDED_NAMES.has(member.name.split(' ')[0]);
  const long = random.chance(bearded ? 0.05 : 0.7);
  const jaw = random.between(42, 47);
  const parts = [
    `<rect width="160" height="200" fill="${member.group.colour}" opacity=".22"/>`,
    `<circle cx="${random.between(20, 140)}" cy="${random.between(10, 60)}" r="${random.between(50, 90)}" fill="${member.group.colour}" opacity=".12"/>`,
    long ? `<path d="M${80 - face - 9} 86c-6-60 ${(face + 9) * 2 + 12}-60 ${(face + 9) * 2} 0l4 62c-20 12-${(face + 9) * 2 - 20} 12-${(face + 9) * 2 + 8} 0z" fill="${hair}"/>` : '',
    `<path d="M14 200c2-38 26-50 66-52 40 2 64 14 66 52z" fill="${cloth}"/>`,
    `<path d="M66 118h28v34l-14 12-14-12z" fill="${skin}"/><path d="M66 132c8 8 20 8 28 0v8c-8 8-20 8-28 0z" fill="#000" opacity=".12"/>`,
    `<path d="M62 148l18 18 18-18 6 6-24 34-24-34z" fill="${random.pick(SHIRT)}"/>`,
    random.chance(bearded ? 0.6 : 0.05) ? `<path d="M77 166h6l4 34H73z" fill="${member.group.colour}"/>` : '',
    `<ellipse cx="${80 - face}" cy="94" rx="6" ry="9" fill="${skin}"/><ellipse cx="${80 + face}" cy="94" rx="6" ry="9" fill="${skin}"/>`,
    `<path d="M${80 - face} 84c0-48 ${face * 2}-48 ${face * 2} 0 0 ${jaw - 6}-${face - 12} ${jaw + 4}-${face} ${jaw + 4}s-${face}-10-${face}-${jaw + 4}z" fill="${skin}"/>`,
    hairTop(random.between(0, long ? 2 : 5), face, hair),
    eyes(random),
    `<path d="M80 92l-${random.between(3, 5)} 14h6" fill="none" stroke="#000" stroke-opacity=".22" stroke-width="2"/>`,
    `<path d="M70 116q10 ${random.between(3, 9)} 20 0" fill="none" stroke="#7a3b34" stroke-width="2.600" stroke-linecap="round"/>`,
    bearded && !long && random.chance(0.4)
      ? `<path d="M${82 - face} 100c2 34 16 36 ${face - 2} 36s${face - 4}-2 ${face - 2}-36c-4 12-10 9-${face - 2} 9s-${face - 6} 3-${face - 2}-9z" fill="${hair}" opacity=".9"/><path d="M70 117q10 5 20 0" fill="none" stroke="#f0d6cb" stroke-width="2"/>`
      : '',
    random.chance(0.35) ? glasses() : '',
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 200" width="160" height="200" role="img" aria-label="Drawn portrait of ${member.name}">${parts.join('')}</svg>`;
}

function hairTop(style: number, face: number, colour: string): string {
  const left = 80 - face - 2;
  const width = face * 2 + 4;
  switch (style) {
    case 0:
      return `<path d="M${left} 88c-4-58 ${width + 8}-58 ${width} 0-4-22-14-30-${width / 2}-30s-${width / 2 - 4} 8-${width / 2} 30z" fill="${colour}"/>`;
    case 1:
      return `<path d="M${left} 90c-6-64 ${width + 12}-60 ${width} 0-2-18-8-24-14-30-14 8-40 8-${width - 20} 4-4 8-6 16-6 26z" fill="${colour}"/>`;
    case 2:
      return `<path d="M${left} 92c-8-68 ${width + 10}-66 ${width}-4-10-10-16-22-18-28-12 16-40 16-${width - 20} 32z" fill="${colour}"/>`;
    case 3:
      return `<path d="M${left} 88c-2-12 0-20 4-26l4 24zM${left + width} 88c2-12 0-20-4-26l-4 24z" fill="${colour}"/>`;
    case 4:
      return `<path d="M${left} 84c-2-52 ${width + 4}-52 ${width} 0-2-14-8-22-10-24l-${width - 20} 0c-4 4-8 12-10 24z" fill="${colour}"/>`;
    default:
      return `<g fill="${colour}"><circle cx="58" cy="58" r="15"/><circle cx="75" cy="49" r="16"/><circle cx="94" cy="52" r="16"/><circle cx="105" cy="66" r="13"/><circle cx="52" cy="74" r="11"/><circle cx="109" cy="78" r="9"/></g>`;
  }
}

function eyes(random: SeededRandom): string {
  const iris = random.pick(['#3a2a1c', '#3f5a63', '#4a5a3a', '#2b2b2b']);
  const brow = random.between(78, 82);
  return `<g fill="#fff"><ellipse cx="66" cy="90" rx="5.500" ry="3.800"/><ellipse cx="94" cy="90" rx="5.500" ry="3.800"/></g>
<g fill="${iris}"><circle cx="66.500" cy="90" r="2.700"/><circle cx="94.500" cy="90" r="2.700"/></g>
<g fill="none" stroke="#2a211c" stroke-opacity=".75" stroke-width="2.600" stroke-linecap="round"><path d="M59 ${brow + 1}q7-4 14 0M87 ${brow}q7-4 14 1"/></g>`;
}

function glasses(): string {
  return '<g fill="none" stroke="#1f2328" stroke-width="2"><rect x="56" y="83" width="20" height="14" rx="6"/><rect x="84" y="83" width="20" height="14" rx="6"/><path d="M76 89q4-3 8 0"/></g>';
}
