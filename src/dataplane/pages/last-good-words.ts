import type { Language } from './words/languages.ts'

/** What a reader is told on a copy of a page. Plain words, no blame; `{t}` stands for date and time. A file of its own, because a copy carries nothing else of ours. */
export interface LastGoodWords {
  /** The name of the notice, for who hears it. */
  readonly title: string
  readonly notice: string
  /** In place of what a form would do. */
  readonly form: string
}

export const lastGoodWords: Readonly<Record<Language, LastGoodWords>> = {
  bg: { title: 'Запазено копие', notice: 'Четете запазено копие от {t}. Самият сайт в момента не може да отговори; междувременно може да има промени.', form: 'Този формуляр не работи в запазеното копие. Моля, опитайте отново по-късно.' },
  cs: { title: 'Uložená kopie', notice: 'Čtete uloženou kopii z {t}. Samotný web teď nemůže odpovědět; něco se mezitím mohlo změnit.', form: 'Tento formulář v uložené kopii nefunguje. Vraťte se prosím později.' },
  da: { title: 'Gemt kopi', notice: 'Du læser en gemt kopi fra {t}. Selve webstedet kan ikke svare lige nu; noget kan have ændret sig siden.', form: 'Denne formular virker ikke i den gemte kopi. Kom venligst tilbage senere.' },
  de: { title: 'Gespeicherte Kopie', notice: 'Sie lesen eine gespeicherte Kopie vom {t}. Die Website selbst kann gerade nicht antworten; manches kann sich seitdem geändert haben.', form: 'Dieses Formular funktioniert in der gespeicherten Kopie nicht. Bitte kommen Sie später wieder.' },
  el: { title: 'Αποθηκευμένο αντίγραφο', notice: 'Διαβάζετε ένα αποθηκευμένο αντίγραφο της {t}. Ο ίδιος ο ιστότοπος δεν μπορεί να απαντήσει αυτή τη στιγμή· κάτι μπορεί να έχει αλλάξει από τότε.', form: 'Αυτή η φόρμα δεν λειτουργεί στο αποθηκευμένο αντίγραφο. Παρακαλούμε επιστρέψτε αργότερα.' },
  en: { title: 'Saved copy', notice: 'You are reading a saved copy from {t}. The website itself cannot answer right now; some things may have changed since.', form: 'This form does not work in the saved copy. Please come back later.' },
  es: { title: 'Copia guardada', notice: 'Está leyendo una copia guardada del {t}. El sitio web no puede responder en este momento; algo puede haber cambiado desde entonces.', form: 'Este formulario no funciona en la copia guardada. Vuelva más tarde, por favor.' },
  et: { title: 'Salvestatud koopia', notice: 'Te loete salvestatud koopiat ajast {t}. Veebisait ise ei saa praegu vastata; midagi võib olla vahepeal muutunud.', form: 'See vorm salvestatud koopias ei tööta. Palun tulge hiljem tagasi.' },
  fi: { title: 'Tallennettu kopio', notice: 'Luet tallennettua kopiota ajalta {t}. Itse verkkosivusto ei voi juuri nyt vastata; jotain on voinut sen jälkeen muuttua.', form: 'Tämä lomake ei toimi tallennetussa kopiossa. Palaa myöhemmin.' },
  fr: { title: 'Copie enregistrée', notice: 'Vous lisez une copie enregistrée du {t}. Le site lui-même ne peut pas répondre pour le moment ; certaines choses peuvent avoir changé depuis.', form: 'Ce formulaire ne fonctionne pas dans la copie enregistrée. Veuillez revenir plus tard.' },
  ga: { title: 'Cóip shábháilte', notice: 'Tá cóip shábháilte ó {t} á léamh agat. Ní féidir leis an suíomh féin freagra a thabhairt faoi láthair; d’fhéadfadh rudaí a bheith athraithe ó shin.', form: 'Ní oibríonn an fhoirm seo sa chóip shábháilte. Tar ar ais níos déanaí, le do thoil.' },
  hr: { title: 'Spremljena kopija', notice: 'Čitate spremljenu kopiju od {t}. Samo web-mjesto trenutačno ne može odgovoriti; nešto se u međuvremenu moglo promijeniti.', form: 'Ovaj obrazac ne radi u spremljenoj kopiji. Molimo vratite se kasnije.' },
  hu: { title: 'Mentett másolat', notice: 'Ön egy mentett másolatot olvas, ennek ideje: {t}. Maga a weboldal most nem tud válaszolni; azóta változhatott valami.', form: 'Ez az űrlap a mentett másolatban nem működik. Kérjük, térjen vissza később.' },
  it: { title: 'Copia salvata', notice: 'Sta leggendo una copia salvata del {t}. Il sito stesso al momento non può rispondere; qualcosa può essere cambiato da allora.', form: 'Questo modulo non funziona nella copia salvata. Torni più tardi, per favore.' },
  lt: { title: 'Išsaugota kopija', notice: 'Skaitote išsaugotą kopiją, padarytą {t}. Pati svetainė šiuo metu negali atsakyti; nuo to laiko kas nors galėjo pasikeisti.', form: 'Ši forma išsaugotoje kopijoje neveikia. Prašome grįžti vėliau.' },
  lv: { title: 'Saglabāta kopija', notice: 'Jūs lasāt saglabātu kopiju no {t}. Pati vietne pašlaik nevar atbildēt; kopš tā laika kaut kas var būt mainījies.', form: 'Šī veidlapa saglabātajā kopijā nedarbojas. Lūdzu, atgriezieties vēlāk.' },
  mt: { title: 'Kopja salvata', notice: 'Qed taqra kopja salvata ta’ {t}. Is-sit innifsu ma jistax iwieġeb bħalissa; xi affarijiet setgħu nbidlu minn dakinhar.', form: 'Din il-formola ma taħdimx fil-kopja salvata. Jekk jogħġbok erġa’ lura aktar tard.' },
  nl: { title: 'Bewaarde kopie', notice: 'U leest een bewaarde kopie van {t}. De website zelf kan nu niet antwoorden; er kan sindsdien iets veranderd zijn.', form: 'Dit formulier werkt niet in de bewaarde kopie. Kom later terug.' },
  pl: { title: 'Zapisana kopia', notice: 'Czytasz zapisaną kopię z: {t}. Sama strona nie może teraz odpowiedzieć; od tego czasu coś mogło się zmienić.', form: 'Ten formularz nie działa w zapisanej kopii. Prosimy wrócić później.' },
  pt: { title: 'Cópia guardada', notice: 'Está a ler uma cópia guardada de {t}. O próprio sítio não pode responder neste momento; algo pode ter mudado desde então.', form: 'Este formulário não funciona na cópia guardada. Volte mais tarde, por favor.' },
  ro: { title: 'Copie salvată', notice: 'Citiți o copie salvată din {t}. Site-ul însuși nu poate răspunde acum; este posibil ca ceva să se fi schimbat între timp.', form: 'Acest formular nu funcționează în copia salvată. Vă rugăm să reveniți mai târziu.' },
  sk: { title: 'Uložená kópia', notice: 'Čítate uloženú kópiu z {t}. Samotná stránka teraz nemôže odpovedať; niečo sa medzitým mohlo zmeniť.', form: 'Tento formulár v uloženej kópii nefunguje. Vráťte sa, prosím, neskôr.' },
  sl: { title: 'Shranjena kopija', notice: 'Berete shranjeno kopijo z dne {t}. Samo spletno mesto trenutno ne more odgovoriti; od takrat se je lahko kaj spremenilo.', form: 'Ta obrazec v shranjeni kopiji ne deluje. Prosimo, vrnite se pozneje.' },
  sv: { title: 'Sparad kopia', notice: 'Du läser en sparad kopia från {t}. Själva webbplatsen kan inte svara just nu; något kan ha ändrats sedan dess.', form: 'Det här formuläret fungerar inte i den sparade kopian. Kom gärna tillbaka senare.' },
}
