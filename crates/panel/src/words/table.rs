//! The table: each text in English, Russian and Kyrgyz.

use komuz_release::words::Lang;

macro_rules! table {
    ($($name:ident $en:literal $ru:literal $ky:literal)*) => {
        /// The words of one language. Each is named by what it says in English.
        pub struct Words {
            /// Which language.
            pub lang: Lang,
            $(pub $name: &'static str,)*
        }

        /// English.
        pub static EN: Words = Words { lang: Lang::En, $($name: $en,)* };
        /// Russian.
        pub static RU: Words = Words { lang: Lang::Ru, $($name: $ru,)* };
        /// Kyrgyz.
        pub static KY: Words = Words { lang: Lang::Ky, $($name: $ky,)* };

        #[cfg(test)]
        impl Words {
            /// All texts, in the order of the table.
            pub fn all(&self) -> Vec<&'static str> {
                vec![$(self.$name,)*]
            }
        }
    };
}

table! {
    // The panel.
    waiting
        "The checks are being loaded…"
        "Проверки загружаются…"
        "Текшерүү жүктөлүүдө…"
    sections
        "What is known of the story"
        "Что известно о тексте"
        "Макала тууралуу белгилүүсү"
    found "Found" "Найдено" "Табылганы"
    claims "Claims" "Утверждения" "Ырастоолор"
    sources "Sources" "Источники" "Булактар"
    people "People" "Люди" "Адамдар"
    translation "Translation" "Перевод" "Котормо"
    outlet "Outlet" "Редакция" "Редакция"
    group "Who is in" "Участники" "Катышуучулар"

    // Who is in.
    group_what
        "An editor decides about the people of their own outlet who came after them; all other outlets together decide about one."
        "Редактор решает о людях своей редакции, пришедших после него; об одной редакции решают все остальные вместе."
        "Редактор өз редакциясынын өзүнөн кийин келген адамдары жөнүндө чечет; бир редакция жөнүндө калгандарынын баары чогуу чечет."
    group_out
        "You are in this investigation no more. Nothing new comes here and nothing is sent; what is here stays here to read."
        "Вы больше не участвуете в этом расследовании. Сюда больше ничего не приходит, и отсюда ничего не отправляется; то, что здесь есть, можно читать и дальше."
        "Сиз бул иликтөөгө мындан ары катышпайсыз. Бул жерге жаңы эч нерсе келбейт, бул жерден эч нерсе жөнөтүлбөйт; бул жердегини окуй бересиз."
    group_role "Role of {}" "Роль: {}" "Милдети: {}"
    group_remove_sure
        "{} reads nothing more of what is written from now on. What they wrote up to now stays. This cannot be taken back."
        "{} больше не прочитает ничего из того, что будет написано с этой минуты. Написанное до сих пор остаётся. Отменить это нельзя."
        "{} мындан ары жазылганды окуй албайт. Буга чейин жазганы калат. Муну артка кайтарууга болбойт."
    group_leave "Leave" "Выйти" "Чыгуу"
    group_leave_sure
        "You read nothing more of what is written from now on. What you wrote stays. This cannot be taken back."
        "Вы больше не прочитаете ничего из того, что будет написано с этой минуты. Написанное вами остаётся. Отменить это нельзя."
        "Мындан ары жазылганды окуй албайсыз. Жазганыңыз калат. Муну артка кайтарууга болбойт."
    group_aside
        "Left aside, because it was written after the removal or the change of role: {}"
        "Отложено, потому что написано после исключения или смены роли: {}"
        "Чыгаргандан же ролу өзгөргөндөн кийин жазылгандыктан четке коюлду: {}"
    group_adopt "Let it count" "Принять" "Кабыл алуу"
    group_adopt_sure
        "What others entered again meanwhile and somebody has changed since may stand twice then. Read the text afterwards."
        "То, что другие тем временем внесли снова и что потом кто-то изменил, может оказаться в тексте дважды. Перечитайте его после этого."
        "Ал арада башкалар кайра киргизип, кийин кимдир бирөө өзгөрткөн сөздөр текстте эки жолу туруп калышы мүмкүн. Андан кийин окуп чыгыңыз."
    group_gone "In it no more" "Больше не участвуют" "Мындан ары катышпайт"
    group_invites "Open invitations" "Открытые приглашения" "Ачык чакыруулар"
    group_invite "{}, as {}, until {}" "{}, роль: {}, до {}" "{}, милдети: {}, мөөнөтү: {}"
    group_invite_device
        "For one more device of yours, until {}"
        "Для ещё одного вашего устройства, до {}"
        "Дагы бир түзмөгүңүз үчүн, мөөнөтү: {}"
    group_revoke "Take back" "Отозвать" "Кайтарып алуу"
    group_revoke_sure
        "Whoever uses the link is told that it was taken back."
        "Кто воспользуется ссылкой, узнает, что её отозвали."
        "Шилтемени колдонгон адамга анын кайтарылып алынганы айтылат."
    group_devices "Devices: {}" "Устройства: {}" "Түзмөктөр: {}"
    group_here "this device" "это устройство" "ушул түзмөк"
    group_device_out "Take device {} out" "Исключить устройство {}" "{} түзмөгүн чыгаруу"
    group_device_sure
        "For a device that is lost or in other hands. It reads nothing more of what is written from now on, but keeps what is on it. What was written there up to now stays. This cannot be taken back."
        "Для устройства, которое потеряно или попало в чужие руки. Оно больше не прочитает ничего из того, что будет написано, но то, что на нём есть, на нём останется. Написанное на нём до сих пор остаётся. Отменить это нельзя."
        "Жоголгон же бөтөн колго түшкөн түзмөк үчүн. Ал мындан ары жазылганды окуй албайт, бирок андагы нерселер анда калат. Буга чейин анда жазылганы калат. Муну артка кайтарууга болбойт."
    group_device_add "Add another device of mine" "Добавить ещё одно моё устройство" "Дагы бир түзмөгүмдү кошуу"
    group_device_what
        "Open this link on your other device, or let its camera read the code. It works once. Whoever is let in by it reads and writes as you; release keys stay on this device."
        "Откройте эту ссылку на другом своём устройстве или наведите его камеру на код. Она действует один раз. Кого по ней впустят, тот читает и пишет от вашего имени; ключи публикации остаются на этом устройстве."
        "Бул шилтемени башка түзмөгүңүздө ачыңыз же анын камерасы кодду окусун. Ал бир жолу иштейт. Аны менен киргизилген түзмөк сиздин атыңыздан окуйт жана жазат; жарыялоо ачкычтары ушул түзмөктө калат."
    group_release_key
        "A release key of your outlet stays on the device where it was made. Another device, and another editor’s, signs with the printed recovery key: it is typed each time and not kept."
        "Ключ выпуска вашей редакции остаётся на устройстве, где он создан. Другое устройство, и устройство другого редактора, подписывает запасным ключом с листа: его вводят каждый раз, и он не сохраняется."
        "Редакцияңыздын чыгарылыш ачкычы ал жасалган түзмөктө калат. Башка түзмөк, башка редактордуку да, басылган калыбына келтирүү ачкычы менен кол коёт: ал ар бир жолу жазылат жана сакталбайт."
    group_device_link "Link for the other device" "Ссылка для другого устройства" "Башка түзмөк үчүн шилтеме"
    group_device_asks
        "A device asks to become yours. Let it in only if it shows these digits:"
        "Устройство просит стать вашим. Впустите его, только если на нём те же цифры:"
        "Бир түзмөк сиздики болууну сурап жатат. Анда ушул сандар турса гана киргизиңиз:"
    group_let_in "The same digits: let it in" "Цифры те же: впустить" "Сандар бирдей: киргизүү"
    group_not_mine "Not mine" "Не моё" "Меники эмес"
    copy "Copy" "Скопировать" "Көчүрүү"
    copied "Copied" "Скопировано" "Көчүрүлдү"
    code_name "The link as a code for a camera" "Ссылка в виде кода для камеры" "Камера үчүн код түрүндөгү шилтеме"
    group_voted "Voted that it goes: {}" "За исключение проголосовали: {}" "Чыгарууга добуш бергендер: {}"
    not_yours "This is not yours to decide." "Это решаете не вы." "Муну сиз чечпейсиз."
    invite_over
        "This invitation was used or taken back, or it has ended."
        "Это приглашение использовано, отозвано или истекло."
        "Бул чакыруу колдонулган, кайтарылып алынган же мөөнөтү бүткөн."
    no_key
        "Somebody who is in no more has the key. Wait until an editor's device has made a new one."
        "Ключ есть у того, кто больше не участвует. Подождите, пока устройство редактора не сделает новый."
        "Ачкыч мындан ары катышпаган кишиде. Редактордун түзмөгү жаңысын жасаганча күтүңүз."
    group_expel
        "Vote that {} goes"
        "Проголосовать за исключение: {}"
        "Чыгарууга добуш берүү: {}"
    group_expel_sure
        "The outlet is out as soon as all others have voted so, at least two. A vote cannot be taken back."
        "Редакция исключается, как только так проголосуют все остальные, не меньше двух. Голос отозвать нельзя."
        "Калгандарынын баары, кеминде экөө, ушундай добуш бергенде редакция чыгат. Добушту кайтарып алууга болбойт."
    group_expel_yes "Vote" "Проголосовать" "Добуш берүү"
    group_new_key "Make a new key" "Создать новый ключ" "Жаңы ачкыч жасоо"
    group_new_key_sure
        "Everybody who is in gets it, and what is written from now on is sealed with it. For when the old one may be in other hands: with that, what was written up to now can still be read."
        "Его получат все участники, и написанное с этой минуты будет закрыто им. На случай, если старый мог попасть в чужие руки: написанное до сих пор им по-прежнему можно прочитать."
        "Аны катышкандардын баары алат, мындан ары жазылгандар аны менен жабылат. Эски ачкыч бөтөн колго түшүп калышы мүмкүн болгон учур үчүн: буга чейин жазылганды аны менен дагы эле окууга болот."
    group_part "Leave with the whole outlet" "Выйти всей редакцией" "Бүт редакция менен чыгуу"
    group_part_sure
        "Everybody of your outlet leaves and keeps what is on their devices. This cannot be taken back."
        "Все люди вашей редакции выходят и сохраняют то, что есть на их устройствах. Отменить это нельзя."
        "Редакцияңыздын баары чыгат жана түзмөктөрүндөгүнү сактап калат. Муну артка кайтарууга болбойт."
    group_words "Your words that do not count" "Ваши слова, которые не приняты" "Кабыл алынбаган сөздөрүңүз"
    group_words_what
        "You wrote them without knowing that your role had changed. Copy what you need; an editor can let them count."
        "Вы написали их, не зная, что ваша роль изменилась. Скопируйте нужное; редактор может их принять."
        "Ролуңуз өзгөргөнүн билбей жазгансыз. Керегин көчүрүп алыңыз; редактор аларды кабыл ала алат."
    group_drop "Delete" "Удалить" "Өчүрүү"
    group_drop_sure "They are gone for good then." "Тогда они исчезнут навсегда." "Анда алар биротоло жоголот."
    role_editor "editor" "редактор" "редактор"
    role_writer "writer" "автор" "автор"
    role_reviewer "reviewer" "рецензент" "рецензент"
    role_trainee "trainee" "стажёр" "стажёр"
    role_observer "observer" "наблюдатель" "байкоочу"

    // Everywhere.
    open "Open" "Открыть" "Ачуу"
    change "Change" "Изменить" "Өзгөртүү"
    choose "Choose" "Выбрать" "Тандоо"
    add "Add" "Добавить" "Кошуу"
    take_out "Take out" "Убрать" "Алып салуу"
    keep "Keep" "Оставить" "Калтыруу"
    show_in_text "Show in the text" "Показать в тексте" "Тексттен көрсөтүү"
    meanwhile "Stored meanwhile by somebody else:" "Тем временем кто-то сохранил:" "Ушул убакта башка бирөө сактады:"
    not_done "Not done: {}" "Не сделано: {}" "Аткарылган жок: {}"
    checks_failed "The checks did not run: {}" "Проверки не выполнены: {}" "Текшерүү жүргөн жок: {}"
    select_first
        "Select the words in the text first."
        "Сначала выделите слова в тексте."
        "Адегенде тексттеги сөздөрдү белгилеңиз."
    moved
        "The text has moved on meanwhile. Select the words again."
        "Текст тем временем изменился. Выделите слова ещё раз."
        "Ушул убакта текст өзгөрдү. Сөздөрдү кайра белгилеңиз."
    not_your_role
        "Your role may not change this."
        "Ваша роль этого не позволяет."
        "Ролуңуз муну өзгөртүүгө уруксат бербейт."
    versions
        "Page and engine are of different versions. Load the page again."
        "Страница и движок разных версий. Загрузите страницу заново."
        "Барак менен кыймылдаткыч ар башка версияда. Баракты кайра жүктөңүз."
    unanswered
        "The engine does not answer. Load the page again."
        "Нет ответа. Загрузите страницу ещё раз."
        "Жооп жок. Баракты кайра жүктөңүз."

    // What the checks found.
    in_reason "In the reason of the correction" "В причине исправления" "Оңдоонун себебинде"
    errors "To be mended before publication" "Исправить до публикации" "Жарыялоого чейин оңдолсун"
    warnings "Should be mended" "Стоит исправить" "Оңдогон жакшы"
    notices "Worth knowing" "Стоит знать" "Билип койгон жакшы"
    more_of_these "{} more" "Ещё {}" "Дагы {}"
    nothing_found "The checks have found nothing." "Проверки ничего не нашли." "Текшерүү эч нерсе тапкан жок."
    nothing_found_more
        "They know what is written down here and nothing else: whether it is true, people decide."
        "Они знают только то, что здесь записано. Правда ли это, решают люди."
        "Алар бул жерде жазылганды гана билет. Чындыгын адамдар чечет."
    to_mend "to be mended before publication: {}" "исправить до публикации: {}" "жарыялоого чейин оңдолсун: {}"
    nothing_to_mend
        "The checks have found nothing that must be mended before publication."
        "Проверки не нашли того, что нужно исправить до публикации."
        "Текшерүү жарыялоого чейин оңдоло турган эч нерсе тапкан жок."
    checks_warn
        "The checks warn and stop nobody: whether to sign is for you to decide."
        "Проверки предупреждают и никого не останавливают: подписывать ли, решаете вы."
        "Текшерүү эскертет, эч кимди токтотпойт: кол коюуну өзүңүз чечесиз."
    open_claim "Open the claim" "Открыть утверждение" "Ырастоону ачуу"
    open_source "Open the source" "Открыть источник" "Булакты ачуу"
    open_person "Open the record" "Открыть запись" "Жазууну ачуу"
    open_headline "What bears it" "На чём он держится" "Эмнеге таянат"
    open_translation "Open the block" "Открыть абзац" "Абзацты ачуу"

    // Claims.
    make_claim "Make the selection a claim" "Отметить как утверждение" "Ырастоо катары белгилөө"
    no_claims
        "No claims yet. A claim is a sentence that can be checked: select its words in the text."
        "Утверждений пока нет. Утверждение — то, что можно проверить: выделите его слова в тексте."
        "Азырынча ырастоо жок. Ырастоо — текшерсе боло турган сүйлөм: анын сөздөрүн тексттен белгилеңиз."
    status_open "open" "открыто" "ачык"
    supported "supported, not checked" "подтверждено, не проверено" "булагы бар, текшериле элек"
    ready "ready" "готово" "даяр"
    disputed "disputed" "оспорено" "талаштуу"
    claim_lost "Its words are gone from the text" "Этих слов в тексте больше нет" "Бул сөздөр тексттен жоголгон"
    evidence "Evidence" "Доказательства" "Далилдер"
    independent
        "Independent sources: {} of {}"
        "Независимых источников: {} из {}"
        "Көз карандысыз булактар: {2} ичинен {1}"
    no_evidence
        "No source is cited in these words, and no evidence is written down."
        "В этих словах нет ссылок на источники, и доказательства не записаны."
        "Бул сөздөрдө булак көрсөтүлгөн эмес, далил да жазылган эмес."
    cited_in_text "cited in the text" "ссылка в тексте" "текстте көрсөтүлгөн"
    add_evidence "Add evidence" "Добавить доказательство" "Далил кошуу"
    remove_evidence_sure
        "Take this evidence out?"
        "Убрать это доказательство?"
        "Бул далил алып салынсынбы?"
    source "Source" "Источник" "Булак"
    no_sources
        "No sources yet: the section Sources adds them."
        "Источников пока нет: их добавляют в разделе «Источники»."
        "Азырынча булак жок: аларды «Булактар» бөлүмү кошот."
    stance "It speaks" "Говорит" "Кайсы жагында"
    speaks_for "for the claim" "за утверждение" "ырастайт"
    speaks_against "against the claim" "против утверждения" "каршы чыгат"
    locator "Where in the source" "Место в источнике" "Булактын кайсы жери"
    quote "The source’s own words" "Слова самого источника" "Булактын өз сөзү"
    about "Whom it is about" "О ком это" "Ким жөнүндө"
    about_nobody "Nobody is named." "Никто не указан." "Эч ким көрсөтүлгөн эмес."
    no_people
        "Nobody is written down yet: the section People does that."
        "Пока никто не записан: это делается в разделе «Люди»."
        "Азырынча эч ким жазылган эмес: аны «Адамдар» бөлүмү жазат."
    checked "Checked" "Проверка" "Текшерүү"
    nobody_checked "Nobody has checked it yet." "Пока никто не проверил." "Азырынча эч ким текшере элек."
    reasons "Reasons" "Основания" "Негиздер"
    no_reasons "Say why you dispute it." "Напишите, почему вы это оспариваете." "Эмне үчүн талашып жатканыңызды жазыңыз."
    it_holds "It holds" "Верно" "Туура"
    i_dispute "I dispute it" "Оспариваю" "Талашам"
    check_again "Check again" "Проверить ещё раз" "Кайра текшерүү"
    found_holds "It holds for these words" "Для этих слов верно" "Бул сөздөр үчүн туура"
    found_disputed "Disputed" "Оспорено" "Талашылган"
    words_moved "The words have changed since:" "С тех пор слова изменились:" "Андан бери сөздөр өзгөрдү:"
    remove_claim "Remove the claim" "Удалить утверждение" "Ырастоону өчүрүү"
    remove_claim_sure
        "The text stays; evidence and checks of this claim go."
        "Текст останется, доказательства и проверка этого утверждения пропадут."
        "Текст калат, бул ырастоонун далилдери менен текшерүүсү өчөт."
    headlines "What bears the headline" "На чём держится заголовок" "Аталыш эмнеге таянат"
    bears_headline "Headline" "Заголовок" "Аталышы"
    bears_summary "Summary" "Подводка" "Кыскача мазмуну"
    bears_own_headline "Your outlet’s headline" "Заголовок вашей редакции" "Редакцияңыздын аталышы"
    bears_own_summary "Your outlet’s summary" "Подводка вашей редакции" "Редакцияңыздын кыскача мазмуну"
    borne "borne by claims" "держится на утверждениях" "ырастоолорго таянат"
    not_borne "not yet" "пока нет" "азырынча жок"
    bears_what
        "Tick the claims that bear these words as they stand."
        "Отметьте утверждения, на которых эти слова держатся."
        "Бул сөздөр таянган ырастоолорду белгилеңиз."
    still_borne "They bear it as it is now" "Держится и сейчас" "Азыр да таянат"

    // Sources.
    new_source "New source" "Новый источник" "Жаңы булак"
    source_title "Title, or what colleagues call it" "Название, или как его зовут коллеги" "Аталышы, же кесиптештер аны кантип атайт"
    described_on_background
        "What readers are told, where it is on background"
        "Что сказать читателям, если без имени"
        "Атын атабаса, окурмандарга эмне айтылат"
    new_source_more
        "Authors, outlet, date and address: in the tab Sources above."
        "Авторы, издание, дата и адрес — во вкладке «Источники» вверху."
        "Авторлору, басылмасы, күнү жана дареги: жогорудагы «Булактар» өтмөгүндө."
    what "What it is" "Что это" "Бул эмне"
    what_document "document" "документ" "документ"
    what_dataset "data" "данные" "маалыматтар"
    what_interview "interview" "интервью" "интервью"
    what_official "official record" "официальный реестр" "расмий жазуу"
    what_open "open source" "открытый источник" "ачык булак"
    what_press "press" "пресса" "басма сөз"
    what_leak "leak" "утечка" "сыртка чыккан маалымат"
    what_expert "expert" "эксперт" "эксперт"
    reliability "Reliability" "Надёжность" "Ишенимдүүлүгү"
    state "Judgement" "Оценка" "Баа"
    unverified "unverified" "не проверен" "текшериле элек"
    verified "verified" "проверен" "текшерилген"
    source_disputed "disputed" "оспорен" "талаштуу"
    withdrawn "withdrawn" "отозван" "кайтарылып алынган"
    verified_how "How, or why not" "Как, или почему нет" "Кантип, же эмне үчүн жок"
    secrecy "Confidentiality" "Конфиденциальность" "Купуялык"
    who_may_know "Who may know of it" "Кому можно знать" "Ким билсе болот"
    public "everybody" "всем" "баары"
    background
        "on background: what it is, not who"
        "без имени: что это, но не кто"
        "атын атабай: эмне экени, ким экени эмес"
    on_background "on background" "без имени" "атын атабай"
    confidential "confidential" "конфиденциально" "купуя"
    described "What readers are told" "Что сказать читателям" "Окурмандарга эмне айтылат"
    described_hint
        "For example: an official of the customs service."
        "Например: сотрудник таможенной службы."
        "Мисалы: бажы кызматынын кызматкери."
    custody "How it came to us" "Как попал к нам" "Бизге кантип келди"
    custody_by "Who obtained it" "Кто получил" "Ким алды"
    custody_when "When" "Когда" "Качан"
    date_hint "2019, 2019-11 or 2019-11-21" "2019, 2019-11 или 2019-11-21" "2019, 2019-11 же 2019-11-21"
    custody_how "How" "Как" "Кантип"
    custody_hash "SHA-256 of the original file" "SHA-256 исходного файла" "Баштапкы файлдын SHA-256 суммасы"
    custody_hash_hint
        "64 digits, so that nobody can exchange it unseen."
        "64 знака: файл нельзя незаметно подменить."
        "64 белги: файлды билгизбей алмаштырууга болбойт."
    origins "What it goes back to" "К чему восходит" "Түпкү булагы"
    origins_none
        "To no other source. Sources that go back to one count as one."
        "Ни к какому другому. Источники с общим происхождением считаются за один."
        "Башка булагы жок. Түпкү булагы бир булактар бир болуп саналат."
    party "Who speaks in it" "Кто в нём говорит" "Анда ким сүйлөйт"
    party_none "nobody of the investigation" "никто из расследования" "иликтөөдөн эч ким"
    party_hint
        "So that claims do not rest on opponents alone."
        "Чтобы утверждения не держались на одних противниках."
        "Ырастоолор атаандаштарга гана таянбасын үчүн."
    note "Note for colleagues" "Заметка для коллег" "Кесиптештер үчүн эскертүү"
    note_hint "It never goes out." "Никогда не публикуется." "Эч качан жарыяланбайт."

    // People.
    new_entity "New person or organisation" "Новый человек или организация" "Жаңы адам же уюм"
    no_entities
        "Nobody yet. Whom and what the story names is written down here once, with all spellings."
        "Пока никого. Кого и что называет текст, записывается здесь один раз, со всеми написаниями."
        "Азырынча эч ким. Текст атаган ар бир адам же нерсе бул жерге бир жолу, бардык жазылыштары менен жазылат."
    person "person" "человек" "адам"
    organisation "organisation" "организация" "уюм"
    place "place" "место" "жер"
    name_as_in_text "Name, as in the text" "Имя, как в тексте" "Аты, тексттегидей"
    name_ky "Name in Kyrgyz" "Имя по-кыргызски" "Кыргызча аты"
    name_ru "Name in Russian" "Имя по-русски" "Орусча аты"
    name_en "Name in English" "Имя по-английски" "Англисче аты"
    role "Who or what it is here" "Кто или что это здесь" "Бул жерде ким же эмне"
    role_hint
        "For example: deputy head of customs until 2018."
        "Например: заместитель главы таможни до 2018 года."
        "Мисалы: 2018-жылга чейин бажынын башчысынын орун басары."
    not_to_be_named "Has asked not to be named" "Просит не называть имени" "Атын атабоону сураган"
    unnamed "not to be named" "не называть" "аты аталбасын"
    spellings "Other spellings" "Другие написания" "Башка жазылыштары"
    another_spelling "Another spelling or name" "Ещё написание или имя" "Дагы бир жазылышы же аты"
    mentions "In the text" "В тексте" "Текстте"
    mentions_none "Nowhere in this edition." "В этом тексте нигде." "Бул текстте эч жерде."
    times "×{}" "×{}" "×{}"
    mention_offered "is that them?" "это о них?" "ошолбу?"
    mention_certain "by the full name" "по полному имени" "толук аты боюнча"
    mention_confirmed "confirmed" "подтверждено" "ырасталган"
    mention_refused "somebody else" "это другой" "башка бирөө"
    mention_yes "Yes" "Да" "Ооба"
    mention_no "Somebody else" "Это другой" "Башка бирөө"
    mention_undo "Decide anew" "Решить заново" "Кайра чечүү"
    connections "Who is connected with whom" "Кто с кем связан" "Ким ким менен байланышта"
    connections_none
        "No claim with a source is about two of them."
        "Нет утверждения с источником, где названы двое."
        "Эки тарап тууралуу булагы бар ырастоо жок."
    picture_save "Download the picture (SVG)" "Скачать рисунок (SVG)" "Сүрөттү жүктөп алуу (SVG)"
    picture_insert "Put it into the text" "Вставить в текст" "Текстке коюу"
    picture_not_drawn
        "This browser does not draw it: download it instead."
        "Этот браузер его не рисует: скачайте его."
        "Бул браузер аны тарта албайт: жүктөп алыңыз."
    left_out "Not in the picture: {}" "Не вошли в рисунок: {}" "Сүрөткө кирбегени: {}"
    opponents "Opponents" "Противники" "Атаандаштары"
    opponents_none "None are known." "Неизвестны." "Белгисиз."
    remove_entity "Remove the record" "Удалить запись" "Жазууну өчүрүү"
    remove_entity_sure
        "The text stays; names, spellings and role go."
        "Текст останется, имена, написания и роль пропадут."
        "Текст калат, аттары, жазылыштары жана ролу өчөт."

    // The right of reply.
    right_of_reply "Right of reply" "Право на ответ" "Жооп берүү укугу"
    reply_none "Nothing was asked yet." "Вопросов пока не задавали." "Азырынча эч нерсе суралган жок."
    reply_new "Write down a request" "Записать запрос" "Суроо-талапты жазуу"
    reply_another "Write down another request" "Записать ещё запрос" "Дагы бир суроо-талапты жазуу"
    not_asked "not asked" "не спрошен" "суралган эмес"
    not_asked_yet "not asked yet" "ещё не спрошен" "азырынча сурала элек"
    reply_waiting "no answer yet" "ответа пока нет" "азырынча жооп жок"
    reply_answer "answered" "ответ есть" "жооп берди"
    reply_refusal "refused to answer" "отказ отвечать" "жооп берүүдөн баш тартты"
    reply_silence "said nothing until the deadline" "промолчал до срока" "мөөнөткө чейин үндөгөн жок"
    asked_on "Asked on" "Когда спросили" "Качан суралды"
    asked_how "How" "Как" "Кантип"
    asked_by "Who asked" "Кто спросил" "Ким сурады"
    questions "The questions, as they were put" "Вопросы, как они были заданы" "Суроолор, кандай берилсе ошондой"
    deadline "Last day for an answer" "Последний день для ответа" "Жооптун акыркы күнү"
    deadline_over
        "The deadline is over: say what came of it."
        "Срок прошёл: отметьте, чем кончилось."
        "Мөөнөт өттү: эмне болгонун белгилеңиз."
    outcome "What came" "Что пришло" "Эмне келди"
    answered_on "It came on" "Когда пришло" "Качан келди"
    answer "The answer in its own words" "Ответ дословно" "Жооп, сөзмө-сөз"
    answer_stands "Where it stands in the text" "Где это в тексте" "Тексттин кайсы жеринде"
    answer_nowhere "Nowhere yet." "Пока нигде." "Азырынча эч жерде."
    mark_answer
        "The selected words give the answer"
        "Выделенные слова передают ответ"
        "Белгиленген сөздөр жоопту берет"
    remove_answer_sure
        "The text stays and counts no more as the answer."
        "Текст останется, но ответом больше не считается."
        "Текст калат, бирок жооп болуп саналбайт."
    remove_reply "Remove the request" "Удалить запрос" "Суроо-талапты өчүрүү"
    remove_reply_sure
        "Questions and answer go."
        "Вопросы и ответ пропадут."
        "Суроолор менен жооп өчөт."

    // Translation.
    translated_from "Original: {}" "Оригинал: {}" "Түп нуска: {}"
    translation_current
        "All blocks are translated and up to date."
        "Все абзацы переведены и не отстают."
        "Бардык абзацтар которулган жана түп нускага дал келет."
    blocks_behind "Behind the original" "Отстают от оригинала" "Түп нускадан артта"
    blocks_missing "Not translated" "Не переведены" "Которула элек"
    blocks_unlinked "Blocks of no known original" "Абзацы без оригинала" "Түп нускасы белгисиз абзацтар"
    blocks_unlinked_what
        "Say which block of the original they translate: then changes there are noticed."
        "Укажите, какой абзац оригинала они переводят: тогда изменения в нём будут замечены."
        "Түп нусканын кайсы абзацын которорун көрсөтүңүз: ошондо андагы өзгөрүүлөр байкалат."
    changed_since "Changed in the original since" "Изменилось в оригинале" "Түп нускада өзгөргөнү"
    original_gone
        "Its block is gone from the original."
        "Этого абзаца в оригинале больше нет."
        "Бул абзац түп нускада жок болгон."
    current_now "It is up to date now" "Теперь не отстаёт" "Эми дал келет"
    block_of "Block of the original" "Абзац оригинала" "Түп нусканын абзацы"
    link_block "It translates this block" "Переводит этот абзац" "Ушул абзацты которот"

    // The outlet's front and the policy.
    own_front "Your outlet’s page" "Страница вашей редакции" "Редакцияңыздын барагы"
    own_front_what
        "What is empty is taken from the common text. Your outlet alone signs this."
        "Пустое берётся из общего текста. За это отвечает только ваша редакция."
        "Бош калганы жалпы тексттен алынат. Буга сиздин редакция гана кол коёт."
    common "Common:" "Общее:" "Жалпысы:"
    headline "Headline" "Заголовок" "Аталышы"
    summary "Summary" "Подводка" "Кыскача мазмуну"
    outlet_note "Note to your readers" "Обращение к вашим читателям" "Окурмандарыңызга кайрылуу"
    lead_figure "Leading picture" "Главный снимок" "Башкы сүрөт"
    no_figure "as in the common text" "как в общем тексте" "жалпы тексттегидей"
    byline_order "Order of the byline" "Порядок авторов" "Авторлордун тартиби"
    earlier "Up:" "Выше:" "Өйдө:"
    common_order "The common order" "Общий порядок" "Жалпы тартип"
    policy "What the checks ask for" "Чего требуют проверки" "Текшерүү эмнени талап кылат"
    policy_what
        "For all stories of this investigation, all outlets alike."
        "Для всех текстов расследования, одинаково для всех редакций."
        "Иликтөөнүн бардык макалалары үчүн, бардык редакцияларга бирдей."
    how_many_sources
        "Independent sources for each claim"
        "Независимых источников на утверждение"
        "Ар бир ырастоого көз карандысыз булактар"
    severities "How much each check counts" "Насколько важна каждая проверка" "Ар бир текшерүүнүн салмагы"
    as_usual "as usual: {}" "как обычно: {}" "адаттагыдай: {}"
    off "off" "выключена" "өчүк"
    notice "worth knowing" "стоит знать" "билип койгон жакшы"
    warning "should be mended" "стоит исправить" "оңдогон жакшы"
    error "must be mended" "исправить обязательно" "сөзсүз оңдолсун"
}
