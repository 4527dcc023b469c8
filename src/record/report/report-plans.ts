/**
 * What each kind of report says and asks. The contents of the four legal reports follow Directive (EU) 2022/2555, Article 23(4), points (a) to (e); what only people
 * can know is a question, answered with `polder incident answer`, and stays "not known" until then.
 */
import type { ReportKind } from '../../contract/report.ts'

export interface Question {
  readonly label: string
  readonly question: string
}

export const questions = {
  'suspected-malicious': { label: 'Suspected of being caused by unlawful or malicious acts', question: 'Do you suspect that unlawful or malicious acts caused the incident? Say what the suspicion rests on, or say that you do not know.' },
  'cross-border': { label: 'Possible cross-border impact', question: 'Could the incident affect people or services in other countries? Which?' },
  severity: { label: 'Assessment of severity', question: 'How severe is the incident for your institution, in your judgement, and why?' },
  impact: { label: 'Impact', question: 'Which services suffered, for whom, and what could people not do?' },
  'indicators-note': { label: 'Indicators of compromise, beyond the rules below', question: 'Which indicators do you know that Polder cannot see? "None" is an answer.' },
  status: { label: 'Relevant status updates', question: 'What has changed since the last report?' },
  'requested-by': { label: 'Requested by', question: 'Which authority asked for this report, and when?' },
  description: { label: 'Detailed description of the incident', question: 'Describe the incident in your words, with its severity and impact.' },
  cause: { label: 'Type of threat, or root cause likely to have triggered the incident', question: 'What type of threat or which root cause likely triggered the incident?' },
  'measures-applied': { label: 'Mitigation measures applied, beyond those listed', question: 'Which measures did people take outside Polder (provider, network, staff, communication)?' },
  'measures-ongoing': { label: 'Mitigation measures still going on', question: 'Which measures go on, and until when?' },
  'cross-border-impact': { label: 'Cross-border impact', question: 'Which impact did the incident have in other countries?' },
  'went-well': { label: 'What went well', question: 'What worked and should be kept?' },
  'went-badly': { label: 'What went badly', question: 'What failed, was late, or was luck?' },
  lessons: { label: 'What is changed now', question: 'What will be done differently, by whom, until when?' },
  message: { label: 'In one sentence', question: 'What should the leadership know, in one sentence?' },
  decision: { label: 'Decision needed', question: 'Which decision do you need from the leadership, until when? "None" is an answer.' },
} as const satisfies Readonly<Record<string, Question>>

export type QuestionId = keyof typeof questions

export type SectionName = 'assessment' | 'early-figures' | 'brief-figures' | 'brief-judgement' | 'brief-clocks' | 'figures' | 'plots' | 'measures' | 'course' | 'short-course' | 'claims' | 'hypotheses' | 'evidence' | 'around' | 'notes' | 'tasks' | 'sent' | 'clocks'

export interface ReportPlan {
  readonly title: string
  /** Point of Article 23(4). */
  readonly point: 'a' | 'b' | 'c' | 'd' | null
  readonly questions: readonly QuestionId[]
  readonly sections: readonly SectionName[]
}

export const reportPlans: Readonly<Record<ReportKind, ReportPlan>> = Object.freeze({
  'early-warning': {
    title: 'Early warning', point: 'a',
    questions: ['suspected-malicious', 'cross-border'],
    sections: ['assessment', 'early-figures', 'plots', 'short-course', 'claims', 'hypotheses', 'around', 'clocks'],
  },
  notification: {
    title: 'Incident notification', point: 'b',
    questions: ['suspected-malicious', 'cross-border', 'severity', 'impact', 'indicators-note'],
    sections: ['assessment', 'figures', 'plots', 'measures', 'short-course', 'claims', 'hypotheses', 'around', 'clocks', 'sent'],
  },
  intermediate: {
    title: 'Intermediate report', point: 'c',
    questions: ['requested-by', 'status', 'severity', 'impact', 'measures-ongoing'],
    sections: ['assessment', 'figures', 'plots', 'measures', 'short-course', 'claims', 'hypotheses', 'around', 'clocks', 'sent'],
  },
  final: {
    title: 'Final report', point: 'd',
    questions: ['description', 'severity', 'impact', 'cause', 'suspected-malicious', 'measures-applied', 'measures-ongoing', 'cross-border-impact'],
    sections: ['assessment', 'figures', 'plots', 'measures', 'course', 'claims', 'hypotheses', 'evidence', 'around', 'sent'],
  },
  'after-action': {
    title: 'After-action review', point: null,
    questions: ['description', 'cause', 'went-well', 'went-badly', 'lessons'],
    sections: ['assessment', 'figures', 'plots', 'measures', 'course', 'tasks', 'notes', 'claims', 'hypotheses', 'evidence', 'around', 'sent'],
  },
  brief: {
    title: 'Brief for the leadership', point: null,
    questions: ['message', 'decision'],
    sections: ['assessment', 'brief-figures', 'brief-judgement', 'brief-clocks'],
  },
})
