//! The sentences. `{0}` is the first thing that a finding names, `{q0}` the same in quotation marks.

use komuz_release::words::Lang;

macro_rules! sentences {
    ($($name:ident $en:literal $ru:literal $ky:literal)+) => {
        /// What is said.
        #[derive(Debug, Clone, Copy)]
        pub(super) enum Say {
            $($name,)+
        }

        /// How it is said.
        pub(super) fn words(say: Say, lang: Lang) -> &'static str {
            let all = match say {
                $(Say::$name => [$en, $ru, $ky],)+
            };
            match lang {
                Lang::En => all[0],
                Lang::Ru => all[1],
                Lang::Ky => all[2],
            }
        }
    };
}

sentences! {
    FewSources
        "Independent sources behind this claim: {0}, needed: {1}. Add one that does not go back to the same origin."
        "Независимых источников у этого утверждения: {0}, нужно: {1}. Добавьте источник, который не восходит к тому же первоисточнику."
        "Бул ырастоонун көз карандысыз булактары: {0}, керектүүсү: {1}. Башка түпкү булакка таянган булакты кошуңуз."
    ChangedSinceChecked
        "The words of this claim have changed since they were checked: {0}. Check them again."
        "Слова этого утверждения изменились после проверки: {0}. Проверьте их заново."
        "Бул ырастоонун сөздөрү текшерилгенден кийин өзгөргөн: {0}. Аларды кайра текшериңиз."
    Became
        "{q0} became {q1}"
        "вместо {q0} стало {q1}"
        "{q0} ордуна {q1} болду"
    Removed
        "{q0} was removed"
        "убрано {q0}"
        "{q0} алынды"
    Added
        "{q0} was added"
        "добавлено {q0}"
        "{q0} кошулду"
    ClaimContradicted
        "A source speaks against this claim, and nobody has checked it yet: {q0}. Weigh the evidence and check the claim."
        "Источник противоречит этому утверждению, а его ещё никто не проверил: {q0}. Взвесьте доказательства и проверьте утверждение."
        "Булак бул ырастоого карама-каршы келет, ал эми аны азырынча эч ким текшерген эмес: {q0}. Далилдерди салыштырып, ырастоону текшериңиз."
    ClaimDisputed
        "A checker disputes this claim: {0}. Change the words or settle the doubt, then check the claim again."
        "Проверяющий оспаривает это утверждение: {0}. Измените слова или снимите сомнение, затем проверьте утверждение заново."
        "Текшерүүчү бул ырастоого каршы: {0}. Сөздөрүн өзгөртүңүз же күмөндү чечип, ырастоону кайра текшериңиз."
    ClaimDisputedBecause
        "A checker disputes this claim: {0}, {q1}. Change the words or settle the doubt, then check the claim again."
        "Проверяющий оспаривает это утверждение: {0}, {q1}. Измените слова или снимите сомнение, затем проверьте утверждение заново."
        "Текшерүүчү бул ырастоого каршы: {0}, {q1}. Сөздөрүн өзгөртүңүз же күмөндү чечип, ырастоону кайра текшериңиз."
    ClaimUnchecked
        "Nobody has checked this claim yet. Have it checked by somebody who did not write it."
        "Это утверждение ещё никто не проверил. Пусть его проверит тот, кто его не писал."
        "Бул ырастоону азырынча эч ким текшерген эмес. Аны жазбаган адам текшерсин."
    ClaimLost
        "The text of this claim is gone. Mark its words again or remove the claim."
        "Текст этого утверждения исчез. Отметьте его слова заново или удалите утверждение."
        "Бул ырастоонун тексти жок болуп калган. Сөздөрүн кайра белгилеңиз же ырастоону өчүрүңүз."
    ClaimLostWords
        "The text of this claim is gone: {q0}. Mark its words again or remove the claim."
        "Текст этого утверждения исчез: {q0}. Отметьте его слова заново или удалите утверждение."
        "Бул ырастоонун тексти жок болуп калган: {q0}. Сөздөрүн кайра белгилеңиз же ырастоону өчүрүңүз."
    SourceUnverified
        "Nobody has verified this source: {q0}. Verify it and write down how."
        "Этот источник никто не проверил: {q0}. Проверьте его и запишите, как."
        "Бул булакты эч ким текшерген эмес: {q0}. Аны текшерип, кантип текшергениңизди жазыңыз."
    SourceDisputed
        "This source is disputed: {q0}. Settle the doubt, or rest the text on another source."
        "Этот источник оспаривается: {q0}. Снимите сомнение или найдите другой источник."
        "Бул булак талаштуу: {q0}. Күмөндү чечиңиз же башка булак табыңыз."
    SourceDisputedBecause
        "This source is disputed: {q0}, {q1}. Settle the doubt, or rest the text on another source."
        "Этот источник оспаривается: {q0}, {q1}. Снимите сомнение или найдите другой источник."
        "Бул булак талаштуу: {q0}, {q1}. Күмөндү чечиңиз же башка булак табыңыз."
    SourceWithdrawn
        "This source was withdrawn: {q0}. Take out what rests on it, or find another source."
        "Этот источник отозван: {q0}. Уберите то, что на нём основано, или найдите другой источник."
        "Бул булак кайтарылып алынган: {q0}. Ага таянган сөздөрдү алып салыңыз же башка булак табыңыз."
    SourceWithdrawnBecause
        "This source was withdrawn: {q0}, {q1}. Take out what rests on it, or find another source."
        "Этот источник отозван: {q0}, {q1}. Уберите то, что на нём основано, или найдите другой источник."
        "Бул булак кайтарылып алынган: {q0}, {q1}. Ага таянган сөздөрдү алып салыңыз же башка булак табыңыз."
    ConfidentialWords
        "Words of a confidential source stand in what readers get: {q0}. Say it in other words or take it out."
        "В тексте для читателей стоят слова конфиденциального источника: {q0}. Скажите иначе или уберите их."
        "Окурмандарга чыга турган текстте жашыруун булактын сөздөрү бар: {q0}. Башкача айтыңыз же алып салыңыз."
    BackgroundUndescribed
        "Readers are told neither the name of this source nor what it is: {q0}. Describe it without naming it."
        "Читателям не сообщается ни имя этого источника, ни кто он: {q0}. Опишите его, не называя."
        "Окурмандарга бул булактын аты да, ким экени да айтылбайт: {q0}. Атын атабай, ким же эмне экенин жазыңыз."
    NoReplyAsked
        "The text makes claims about somebody who was not asked for a reply: {0}. Ask before publication and note the day."
        "В тексте есть утверждения о том, у кого не просили ответа: {0}. Спросите до публикации и запишите день."
        "Текстте жооп суралбаган тарап тууралуу ырастоолор бар: {0}. Жарыялоого чейин сурап, күнүн жазып коюңуз."
    ReplyPending
        "A reply was asked for and has not come, and there is no deadline: {0}. Set one and wait until it has passed."
        "Ответ запрошен, но не получен, а срок не указан: {0}. Укажите срок и дождитесь его конца."
        "Жооп суралган, бирок келген жок, мөөнөтү да коюлган эмес: {0}. Мөөнөтүн коюп, анын бүтүшүн күтүңүз."
    ReplyPendingUntil
        "There is still time to reply: {0}, until {1}. Wait for the answer, or until that day is over."
        "Срок для ответа ещё не истёк: {0}, до {1}. Дождитесь ответа или конца этого дня."
        "Жооп берүү мөөнөтү бүтө элек: {0}, акыркы күнү {1}. Жоопту же ошол күндүн бүтүшүн күтүңүз."
    ReplyMissing
        "An answer came and stands nowhere in the text: {0}. Put it in and mark where it stands."
        "Ответ получен, но в тексте его нет: {0}. Включите его и отметьте место."
        "Жооп келген, бирок текстте жок: {0}. Аны текстке кошуп, ордун белгилеңиз."
    HeadlineUnsupported
        "The headline says what no claim in the text supports: {q0}. Change it, or mark the claims that bear it."
        "Заголовок говорит то, чего не подтверждает ни одно утверждение в тексте: {q0}. Измените его или отметьте утверждения, на которых он держится."
        "Аталыш тексттеги эч бир ырастоо тастыктабаган нерсени айтат: {q0}. Аны өзгөртүңүз же ал таянган ырастоолорду белгилеңиз."
    SummaryUnsupported
        "The summary says what no claim in the text supports: {q0}. Change it, or mark the claims that bear it."
        "Подводка говорит то, чего не подтверждает ни одно утверждение в тексте: {q0}. Измените её или отметьте утверждения, на которых она держится."
        "Кыскача мазмун тексттеги эч бир ырастоо тастыктабаган нерсени айтат: {q0}. Аны өзгөртүңүз же ал таянган ырастоолорду белгилеңиз."
    QuoteUnattributed
        "It is not said whose words these are: {q0}. Name the speaker, or the document."
        "Не сказано, чьи это слова: {q0}. Назовите говорящего или документ."
        "Бул кимдин сөзү экени айтылган эмес: {q0}. Айткан адамды же документти атаңыз."
    QuoteDiffers
        "The quotation has other words than its source: {q0}, in the source {q1}. Quote word for word, or say it without quotation marks."
        "Цитата расходится с источником: {q0}, в источнике {q1}. Цитируйте дословно или передайте смысл без кавычек."
        "Цитата булактагы сөздөрдөн айырмаланат: {q0}, булакта {q1}. Сөзмө-сөз келтириңиз же тырмакчасыз айтыңыз."
    CitationIncomplete
        "This source is not fully cited: {q0} lacks {1}. Add it, so that readers can find the source."
        "Об источнике {q0} не указано: {1}. Дополните, чтобы читатели могли его найти."
        "{q0} булагында жетишпейт: {1}. Окурмандар булакты таба алышы үчүн толуктаңыз."
    NeedTitle "a title" "название" "аталышы"
    NeedWho "an author or an office" "автор или учреждение" "автору же мекемеси"
    NeedOutlet "the outlet" "издание" "басылмасы"
    NeedDate "a date" "дата" "датасы"
    NeedWhere "an address or pages" "адрес или страницы" "дареги же беттери"
    NeedSeen "a date or the day on which it was seen" "дата или день просмотра" "датасы же көрүлгөн күнү"
    NotArchived
        "This source has an address and no archived copy: {q0}. Archive the page and enter the address of the copy."
        "У этого источника есть адрес, но нет архивной копии: {q0}. Сохраните страницу в архиве и впишите адрес копии."
        "Бул булактын дареги бар, бирок архивдик көчүрмөсү жок: {q0}. Баракты архивге сактап, көчүрмөнүн дарегин жазыңыз."
    FigureUndescribed
        "This picture has no description for people who cannot see it. Write what it shows."
        "У этого изображения нет описания для тех, кто его не видит. Напишите, что на нём."
        "Бул сүрөттүн аны көрө албагандар үчүн сүрөттөмөсү жок. Анда эмне бар экенин жазыңыз."
    FigureUncredited
        "This picture has no credit. Write who made it or holds the rights."
        "У этого изображения не указан автор. Напишите, кто его сделал или кому принадлежат права."
        "Бул сүрөттүн автору көрсөтүлгөн эмес. Аны ким жасаганын же укугу кимде экенин жазыңыз."
    TranslationBehind
        "The original reads otherwise now: {0}. Translate what changed."
        "Оригинал теперь другой: {0}. Переведите изменения."
        "Түпнуска азыр башкача: {0}. Өзгөргөнүн которуңуз."
    TranslationMissing
        "A part of the original has no translation. Translate it."
        "Часть оригинала не переведена. Переведите её."
        "Түпнусканын бир бөлүгү которулган эмес. Аны которуңуз."
    TranslationMissingWords
        "A part of the original has no translation: {q0}. Translate it."
        "Часть оригинала не переведена: {q0}. Переведите её."
        "Түпнусканын бир бөлүгү которулган эмес: {q0}. Аны которуңуз."
    NamedUnwilling
        "This names somebody who asked not to be named: {q0}. Take the name out."
        "Здесь назван тот, кто просил не называть его имени: {q0}. Уберите имя."
        "Бул жерде атын атабоону суранган адам аталган: {q0}. Атын алып салыңыз."
    OneSided
        "All claims about one party rest on its opponents alone: {0}, claims: {1}. Find a source that is not against it."
        "Все утверждения об одной стороне опираются только на её противников: {0}, утверждений: {1}. Найдите источник, который не против неё."
        "Бир тарап тууралуу бардык ырастоолор анын каршылаштарына гана таянат: {0}, ырастоолор: {1}. Ага каршы эмес булак табыңыз."
}
