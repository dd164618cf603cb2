// The passphrase of this device: the form of a locked desk, its place among the settings, and the lock of a desk that nobody uses.
// Plain DOM and words of its own: a locked desk has loaded nothing else. The cryptography is the worker's (engine/keys.js).

const WORDS = {
  en: {
    title: "Komuz · locked",
    locked: "This desk is locked",
    dek: "Text, names and keys on this device are encrypted with a passphrase.",
    passphrase: "Passphrase",
    again: "The same again",
    old: "Passphrase until now",
    fresh: "New passphrase",
    hint: "12 characters at least; five random words are good. Do not let the browser keep it.",
    show: "Show what I type",
    unlock: "Unlock",
    opening: "Unlocking… this takes a moment on purpose.",
    wrong: "This is not the passphrase. Look at the keyboard’s language and capitals, and try again: nothing is lost.",
    short: "The passphrase is too short: 12 characters at least.",
    differ: "The two passphrases differ.",
    busy: "Another tab of the desk does not let go. Close the other tabs and try again.",
    failed: "It was not done ({}). What was there before is still there.",
    unsaved: "Not locked: the last words could not be written to this device ({}). It is tried again.",
    forgotten: "I have forgotten the passphrase",
    noWay: "There is no way in without it, for nobody: no server has it, and no editor. Bring a backup file back, or ask an editor for a new invitation. For both, what is on this device has to be deleted first; words that no server has are lost then.",
    sure: "Delete what is on this device.",
    erase: "Delete",
    broken: "What is on this device does not open",
    brokenDek: "The browser cannot read its store ({}). A damaged file, a full disk or a private window can be the reason. Komuz has deleted nothing.",
    newer: "A newer Komuz was used here",
    newerDek: "What is on this device was written by it. Load the page again to get it ({}). Nothing was changed.",
    lost: "What was on this device is gone",
    lostDek: "The browser has thrown it away: its files were damaged, or its data was cleared. Komuz has deleted nothing. A backup file brings it back, and what servers have comes with it; without one, ask an editor for a new invitation.",
    retry: "Try again",
    without: "Go on without saving",
    withoutWhat: "What is on the device stays as it is. The desk begins empty: bring a backup file back, or use an invitation. What you write is then in this window and at the servers alone; save a backup file before you close it.",
    goOn: "Go on",
    lock: "Lock this device",
    lockWhat: "With a passphrase, whoever takes this computer finds no text, no names and no keys in the browser. The desk asks for it at each start. Without one, encrypt the whole disk.",
    never: "Nobody can give you a forgotten passphrase. Save a backup file as well, under a passphrase that you keep elsewhere.",
    set: "Set the passphrase",
    working: "Encrypting everything anew…",
    done: "This device has a passphrase now.",
    changed: "The passphrase is another now.",
    removed: "This device has no passphrase any more.",
    has: "This device has a passphrase. The desk asks for it at each start.",
    after: "Lock when nobody has used the desk for",
    minutes: ["never by itself", "5 minutes", "15 minutes", "an hour"],
    now: "Lock now",
    backup: "Save a backup file",
    change: "Change the passphrase",
    remove: "Take the passphrase away",
    language: "Language of the desk",
    theme: "Colours",
    themes: ["As the system", "Light", "Dark"],
  },
  ru: {
    title: "Komuz · закрыто",
    locked: "Стол закрыт",
    dek: "Тексты, имена и ключи на этом устройстве зашифрованы парольной фразой.",
    passphrase: "Парольная фраза",
    again: "Ещё раз",
    old: "Прежняя парольная фраза",
    fresh: "Новая парольная фраза",
    hint: "Не меньше 12 знаков; хороши пять случайных слов. Не давайте браузеру её запоминать.",
    show: "Показывать, что я печатаю",
    unlock: "Открыть",
    opening: "Открывается… это намеренно занимает время.",
    wrong: "Это не та парольная фраза. Проверьте раскладку и заглавные буквы и попробуйте ещё раз: ничего не потеряно.",
    short: "Парольная фраза слишком короткая: нужно не меньше 12 знаков.",
    differ: "Парольные фразы не совпадают.",
    busy: "Другая вкладка стола не отпускает данные. Закройте остальные вкладки и попробуйте ещё раз.",
    failed: "Не получилось ({}). Всё осталось как было.",
    unsaved: "Не закрыто: последние слова не удалось записать на это устройство ({}). Попытка повторится.",
    forgotten: "Я не помню парольную фразу",
    noWay: "Без неё не войти никому: её нет ни на одном сервере и ни у одного редактора. Восстановите резервную копию или попросите у редактора новое приглашение. В обоих случаях сначала нужно удалить то, что есть на устройстве; слова, которых нет на серверах, пропадут.",
    sure: "Удалить то, что есть на устройстве.",
    erase: "Удалить",
    broken: "То, что есть на этом устройстве, не открывается",
    brokenDek: "Браузер не может прочитать своё хранилище ({}). Причиной могут быть повреждённый файл, полный диск или приватное окно. Komuz ничего не удалял.",
    newer: "Здесь работали с более новым Komuz",
    newerDek: "То, что есть на этом устройстве, записано им. Загрузите страницу ещё раз, чтобы получить его ({}). Ничего не изменено.",
    lost: "Того, что было на этом устройстве, больше нет",
    lostDek: "Браузер это выбросил: файлы были повреждены или данные очищены. Komuz ничего не удалял. Вернуть можно из резервной копии, с ней придёт и то, что есть на серверах; если её нет, попросите у редактора новое приглашение.",
    retry: "Попробовать ещё раз",
    without: "Продолжить без сохранения",
    withoutWhat: "То, что есть на устройстве, останется как есть. Стол откроется пустым: восстановите резервную копию или воспользуйтесь приглашением. Написанное будет только в этом окне и на серверах; перед закрытием сделайте резервную копию.",
    goOn: "Продолжить",
    lock: "Закрыть это устройство",
    lockWhat: "С парольной фразой тот, кто заберёт компьютер, не найдёт в браузере ни текста, ни имён, ни ключей. Стол спрашивает её при каждом запуске. Без неё зашифруйте весь диск.",
    never: "Забытую парольную фразу вам не вернёт никто. Сохраните ещё и резервную копию под фразой, которая хранится в другом месте.",
    set: "Установить парольную фразу",
    working: "Всё шифруется заново…",
    done: "Теперь у этого устройства есть парольная фраза.",
    changed: "Парольная фраза изменена.",
    removed: "У этого устройства больше нет парольной фразы.",
    has: "У этого устройства есть парольная фраза. Стол спрашивает её при каждом запуске.",
    after: "Закрывать, если столом не пользуются",
    minutes: ["не закрывать", "5 минут", "15 минут", "час"],
    now: "Закрыть сейчас",
    backup: "Сделать резервную копию",
    change: "Сменить парольную фразу",
    remove: "Убрать парольную фразу",
    language: "Язык стола",
    theme: "Цвета",
    themes: ["Как в системе", "Светлые", "Тёмные"],
  },
  ky: {
    title: "Komuz · кулпуланган",
    locked: "Стол кулпуланган",
    dek: "Бул түзмөктөгү тексттер, ысымдар жана ачкычтар сырсөз фразасы менен шифрленген.",
    passphrase: "Сырсөз фразасы",
    again: "Дагы бир жолу",
    old: "Мурдагы сырсөз фразасы",
    fresh: "Жаңы сырсөз фразасы",
    hint: "Кеминде 12 белги; туш келди беш сөз жакшы. Браузерге сактатпаңыз.",
    show: "Жазганымды көрсөт",
    unlock: "Ачуу",
    opening: "Ачылууда… бул атайын бир аз убакыт алат.",
    wrong: "Бул ал сырсөз фразасы эмес. Баскычтоптун тилин жана баш тамгаларды карап, кайра аракет кылыңыз: эч нерсе жоголгон жок.",
    short: "Сырсөз фразасы өтө кыска: кеминде 12 белги керек.",
    differ: "Эки сырсөз фразасы бирдей эмес.",
    busy: "Столдун башка өтмөгү маалыматты коё бербей жатат. Калган өтмөктөрдү жаап, кайра аракет кылыңыз.",
    failed: "Болбой калды ({}). Мурда эмне болсо, ошол турат.",
    unsaved: "Кулпуланган жок: акыркы сөздөр бул түзмөккө жазылбай калды ({}). Кайра аракет кылынат.",
    forgotten: "Сырсөз фразасын унутуп калдым",
    noWay: "Ансыз эч ким кире албайт: ал эч бир серверде да, эч бир редактордо да жок. Камдык көчүрмөнү кайтарыңыз же редактордон жаңы чакыруу сураңыз. Экөө үчүн тең адегенде бул түзмөктө барын өчүрүү керек; серверлерде жок сөздөр ошондо жоголот.",
    sure: "Бул түзмөктө барын өчүрүү.",
    erase: "Өчүрүү",
    broken: "Бул түзмөктө болгон нерселер ачылбай жатат",
    brokenDek: "Браузер өз сактагычын окуй албай жатат ({}). Себеби бузулган файл, толгон диск же купуя терезе болушу мүмкүн. Komuz эч нерсе өчүргөн жок.",
    newer: "Бул жерде жаңыраак Komuz колдонулган",
    newerDek: "Бул түзмөктө болгон нерселерди ошол жазган. Аны алуу үчүн баракты кайра жүктөңүз ({}). Эч нерсе өзгөргөн жок.",
    lost: "Бул түзмөктө болгон нерселер эми жок",
    lostDek: "Аны браузер таштап салган: файлдары бузулган же маалыматы тазаланган. Komuz эч нерсе өчүргөн жок. Камдык көчүрмөдөн кайтарса болот, серверлерде барлар аны менен кошо келет; ал жок болсо, редактордон жаңы чакыруу сураңыз.",
    retry: "Кайра аракет кылуу",
    without: "Сактабай улантуу",
    withoutWhat: "Түзмөктө барлар ошол бойдон калат. Стол бош ачылат: камдык көчүрмөнү кайтарыңыз же чакырууну колдонуңуз. Жазганыңыз ушул терезеде жана серверлерде гана болот; жабардан мурун камдык көчүрмө жасаңыз.",
    goOn: "Улантуу",
    lock: "Бул түзмөктү кулпулоо",
    lockWhat: "Сырсөз фразасы болсо, компьютерди алып кеткен адам браузерден текст да, ысым да, ачкыч да таппайт. Стол аны ар бир ачылганда сурайт. Фраза жок болсо, бүт дискти шифрлеңиз.",
    never: "Унутулган сырсөз фразасын сизге эч ким кайтарып бере албайт. Камдык көчүрмөнү да, башка жерде сакталган фраза менен, жасап коюңуз.",
    set: "Сырсөз фразасын коюу",
    working: "Баары кайра шифрленип жатат…",
    done: "Эми бул түзмөктүн сырсөз фразасы бар.",
    changed: "Сырсөз фразасы алмашты.",
    removed: "Бул түзмөктүн сырсөз фразасы эми жок.",
    has: "Бул түзмөктүн сырсөз фразасы бар. Стол аны ар бир ачылганда сурайт.",
    after: "Стол колдонулбаса, кулпулоо",
    minutes: ["өзү кулпуланбасын", "5 мүнөттөн кийин", "15 мүнөттөн кийин", "бир сааттан кийин"],
    now: "Азыр кулпулоо",
    backup: "Камдык көчүрмө жасоо",
    change: "Сырсөз фразасын алмаштыруу",
    remove: "Сырсөз фразасын алып салуу",
    language: "Столдун тили",
    theme: "Түстөр",
    themes: ["Системадагыдай", "Ачык", "Караңгы"],
  },
}

const LANGUAGES = { ky: "Кыргызча", ru: "Русский", en: "English" }
/** The fewest characters of a passphrase, as for a backup. */
const LEAST = 12
/** Minutes after which an unused desk locks; 0 for never. A setting like the language: it tells nothing of a story. */
const AFTER = "komuz-lock-after"
const CHOICES = [0, 5, 15, 60]
const USUAL = 15

const kept = (name) => {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}
const keep = (name, value) => {
  try {
    if (value) localStorage.setItem(name, value)
    else localStorage.removeItem(name)
  } catch {
    // Storage is refused: it lasts as long as the page.
  }
}

const setting = (name) => kept(`komuz-${name}`) ?? new URLSearchParams(location.search).get(name) ?? ""

const tongue = (tag) => {
  const short = tag.slice(0, 2).toLowerCase()
  return WORDS[short] ? short : "en"
}

/** An element with properties, attributes (`data-test` and the like) and what is in it. */
function make(name, with_ = {}, ...inside) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(with_)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value)
    else if (value === true) element.setAttribute(key, "")
    else if (value !== false && value !== null) element.setAttribute(key, value)
  }
  element.append(...inside)
  return element
}

function field(label, name, autocomplete, hint = "") {
  const input = make("input", { type: "password", name, required: true, autocomplete, autocapitalize: "off", spellcheck: "false", dir: "auto", "data-test": name })
  return make("label", { class: "field" }, make("span", {}, label), input, ...(hint ? [make("small", {}, hint)] : []))
}

/** Shows what is typed in a form's fields. */
function shows(words) {
  const box = make("input", { type: "checkbox", "data-test": "show" })
  box.addEventListener("change", () => {
    for (const input of box.closest("form").querySelectorAll("input:not([type=checkbox])")) input.type = box.checked ? "text" : "password"
  })
  return make("label", { class: "check" }, box, make("span", {}, words.show))
}

function choice(label, name, options, chosen, act) {
  const select = make("select", { "data-test": name, onchange: () => act(select.value) })
  for (const [value, text, lang] of options) select.append(make("option", { value, lang: lang ?? null, selected: value === chosen }, text))
  return make("label", {}, make("span", { class: "hidden" }, label), select)
}

/** What went wrong, in a language. */
function sentence(words, error) {
  const code = { wrong: words.wrong, "other-tab": words.busy, short: words.short, differ: words.differ }[error?.code]
  return code ?? words.failed.replace("{}", error?.message || "?")
}

/**
 * A form that does something slow with its fields, once at a time. `said` is what it says meanwhile; what went wrong stands beneath
 * it, by its error, so that it can be said again in another language.
 */
function form(words, { test, send, said, act, fields, bad = false }) {
  const button = make("button", { class: bad ? "bad" : "main", "data-test": "submit" }, send)
  const below = make("p", { role: "status", "data-test": "lock-state" })
  const made = make("form", { "data-test": test }, ...fields, make("div", { class: "row-of" }, button), below)
  made.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (button.disabled) return
    button.disabled = true
    below.className = "soft"
    below.setAttribute("role", "status")
    below.textContent = said
    const values = Object.fromEntries(new FormData(made))
    try {
      await act(values)
    } catch (error) {
      below.className = "trouble"
      below.setAttribute("role", "alert")
      below.textContent = sentence(words, error)
      made.querySelector("input")?.focus()
      made.querySelector("input")?.select()
    } finally {
      button.disabled = false
    }
  })
  return made
}

function checked({ passphrase, again }) {
  if ([...passphrase].length < LEAST) throw { code: "short" }
  if (passphrase !== again) throw { code: "differ" }
}

/** A page that the desk shows before it begins, with its language and colours to choose. `fill` makes what is in it. */
function page(place, test, title, fill) {
  let lang = tongue(setting("language") || navigator.language || "")
  let theme = setting("theme")

  function draw() {
    const words = WORDS[lang]
    const strings = make("span", { class: "strings", "aria-hidden": "true" }, ...[1, 2, 3].map((n) => make("i", { class: `string-${n}` })))
    const languages = Object.entries(LANGUAGES).map(([tag, name]) => [tag, name, tag])
    const settings = make(
      "div",
      { class: "settings" },
      choice(words.language, "language", languages, lang, (value) => {
        lang = tongue(value)
        keep("komuz-language", lang)
        draw()
        place.querySelector("[data-test=language]").focus()
      }),
      choice(words.theme, "theme", [["", words.themes[0]], ["light", words.themes[1]], ["dark", words.themes[2]]], theme, (value) => {
        theme = value
        keep("komuz-theme", theme)
        draw()
        place.querySelector("[data-test=theme]").focus()
      }),
    )
    const typed = place.querySelector("[name=passphrase]")?.value ?? ""
    document.documentElement.lang = lang
    document.title = words[title] ?? `Komuz · ${words[test]}`
    const main = make("main", { class: "welcome", "data-test": test }, make("div", { class: "welcome-top" }, strings, settings), make("h1", {}, words[test]), ...fill(words))
    place.replaceChildren(make("div", { class: "desk", lang, ...(theme ? { "data-theme": theme } : {}) }, main))
    const first = place.querySelector("[name=passphrase]")
    if (first) first.value = typed
    ;(first ?? place.querySelector("main > button, main form button")).focus()
  }
  draw()
}

/** Shows the form of a locked desk in `place`; resolves when the device is open. */
export function ask(place, device, shown) {
  return new Promise((resolve) => {
    const heard = {
      draw() {
        if (device.locked) return
        shown.delete(heard)
        resolve()
      },
    }
    shown.add(heard)
    page(place, "locked", "title", (words) => {
      const unlock = form(words, {
        test: "unlock",
        send: words.unlock,
        said: words.opening,
        fields: [field(words.passphrase, "passphrase", "off"), shows(words)],
        act: ({ passphrase }) => device.ask("unlock", { passphrase }),
      })
      const forget = form(words, {
        test: "forget",
        send: words.erase,
        said: "…",
        bad: true,
        fields: [make("label", { class: "check" }, make("input", { type: "checkbox", required: true, "data-test": "forget-sure" }), make("span", {}, words.sure))],
        act: async () => {
          await device.ask("forget")
          location.reload()
        },
      })
      return [
        make("p", { class: "dek" }, words.dek),
        unlock,
        make("details", { "data-test": "forgotten" }, make("summary", {}, words.forgotten), make("p", {}, words.noWay), forget),
      ]
    })
  })
}

/** Says in `place` that what is on this device does not open, or is gone; resolves when the person wants to go on. */
export function broken(place, device) {
  const { broken, why } = device
  return new Promise((resolve) => {
    const act = (name, act, main) => (words) => make("button", { type: "button", class: main ? "main" : "", "data-test": name, onclick: act }, words[name])
    const retry = act("retry", () => location.reload(), true)
    const without = act("without", () => device.ask("without").then(resolve), false)
    page(place, broken, "", (words) => [
      make("p", { class: "dek" }, words[`${broken}Dek`].replace("{}", why)),
      ...(broken === "lost" ? [act("goOn", resolve, true)(words)] : [retry(words), make("p", {}, words.withoutWhat), without(words)]),
    ])
  })
}

/** What was last done in the settings, said again when they are drawn anew. */
let done = ""

/** Fills the place of the passphrase among the settings of the device. */
export function settings(element, device) {
  const words = WORDS[tongue(element.lang)]
  if (!element.dataset.state) done = ""
  const state = `${element.lang} ${device.passphrase} ${done}`
  if (element.dataset.state === state) return
  element.dataset.state = state
  const set = (test, send, more, end) => {
    const both = [field(more.length ? words.fresh : words.passphrase, "passphrase", "new-password", words.hint), field(words.again, "again", "new-password")]
    return form(words, {
      test,
      send,
      said: words.working,
      fields: [...more, ...both, shows(words)],
      act: async (values) => {
        checked(values)
        await change(device, { old: values.old ?? "", passphrase: values.passphrase }, end, element)
      },
    })
  }
  const old = () => field(words.old, "old", "off")
  const said = done ? [make("p", { class: "good", role: "status", "data-test": "lock-done" }, words[done])] : []
  const head = [make("h3", {}, words.lock), make("p", {}, words.lockWhat)]
  if (!device.passphrase) {
    element.replaceChildren(...head, make("p", { class: "warning" }, words.never), set("set-passphrase", words.set, [], "done"), ...said)
    return
  }
  const after = choice(words.after, "lock-after", CHOICES.map((minutes, n) => [String(minutes), words.minutes[n]]), String(minutesNow()), (value) => keep(AFTER, value))
  after.className = "field"
  after.firstChild.className = ""
  const remove = form(words, {
    test: "remove-passphrase",
    send: words.remove,
    said: words.working,
    bad: true,
    fields: [old()],
    act: ({ old }) => change(device, { old, passphrase: "" }, "removed", element),
  })
  element.replaceChildren(
    ...head.slice(0, 1),
    make("p", {}, words.has),
    ...said,
    after,
    make("p", {}, lockNow(words, device)),
    make("details", { "data-test": "change" }, make("summary", {}, words.change), make("p", { class: "warning" }, words.never), set("change-passphrase", words.change, [old()], "changed")),
    make("details", { "data-test": "remove" }, make("summary", {}, words.remove), remove),
  )
}

async function change(device, said, end, element) {
  const before = done
  // Heard when it is drawn, which is before this goes on.
  done = end
  device.tabs?.postMessage("leave")
  try {
    await device.ask("passphrase", said)
    settings(element, device)
  } catch (error) {
    done = before
    throw error
  }
}

function lockNow(words, device) {
  const below = make("span", { class: "trouble", role: "alert", "data-test": "lock-trouble" })
  const lock = () => {
    below.textContent = ""
    leaveAll(device).catch((error) => (below.textContent = words.unsaved.replace("{}", error?.message || "?")))
  }
  return make("span", { class: "row-of" }, make("button", { type: "button", "data-test": "lock-now", onclick: lock }, words.now), below)
}

/** The header's part: the way to lock at once, and to a backup file while the disk takes nothing. */
export function now(element, device) {
  const state = `${element.lang} ${device.passphrase} ${device.full}`
  if (element.dataset.state === state && element.firstChild) return
  element.dataset.state = state
  const words = WORDS[tongue(element.lang)]
  const parts = []
  if (device.full) parts.push(make("button", { type: "button", class: "main", "data-test": "backup-now", onclick: () => toBackup(element.getRootNode()) }, words.backup))
  if (device.passphrase) parts.push(lockNow(words, device))
  element.replaceChildren(...parts)
}

/** Goes to the form of a backup. */
function toBackup(root) {
  root.querySelector("[data-test=go-device]")?.click()
  const find = (tries) => {
    const field = root.querySelector("[data-test=backup] input")
    if (field) field.focus()
    else if (tries > 0) setTimeout(find, 50, tries - 1)
  }
  find(40)
}

function leaveAll(device) {
  device.tabs?.postMessage("leave")
  return device.leave()
}

function minutesNow() {
  const minutes = Number(kept(AFTER) ?? USUAL)
  return minutes >= 0 && minutes < Infinity ? minutes : USUAL
}

/** How often it is looked at whether somebody is still there, and how often other tabs are told, in milliseconds. */
const LOOK = 2000
const TELL = 5000
let watching = false

/** Locks all tabs of the desk when nobody has used any of them for as long as is set. */
export function watch(device) {
  if (watching) return
  watching = true
  // Two clocks: one stands still while the machine sleeps, the other one may be set back.
  let last = [Date.now(), performance.now()]
  let told = 0
  const idle = () => Math.max(Date.now() - last[0], performance.now() - last[1])
  const isOver = () => device.passphrase && minutesNow() > 0 && idle() >= minutesNow() * 60_000
  const look = () => isOver() && leaveAll(device).catch(() => {}) // Not written: it is tried at the next look.
  const active = () => {
    // Who comes back to a machine that slept is asked first.
    if (isOver()) return look()
    last = [Date.now(), performance.now()]
    if (performance.now() - told < TELL) return
    told = performance.now()
    device.tabs?.postMessage("active")
  }
  for (const sign of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "input"]) addEventListener(sign, active, { capture: true, passive: true })
  device.tabs?.addEventListener("message", ({ data }) => data === "active" && (last = [Date.now(), performance.now()]))
  document.addEventListener("visibilitychange", look)
  setInterval(look, LOOK)
}
