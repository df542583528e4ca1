"""Names and the words around them, by what they do: a new way of introducing somebody is a line here."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from agents.transcribe.languages.text import words

OWN = words("""
    ad adı adım adımı adımız adımızı adın adını isim ismi ismim ismimi ismimiz ismini soyad soyadı soyadım soyadımı
    soyadımız soyadın soyadını soyisim soyismi soyismim soyisimi soyisminiz adlarımız lakabım zilde sayın adları
    ismide adıda adımda
""")
"""A name follows, of whatever kind."""
OF_SURNAME = ("soyad", "soyis")
ASKED = (*OF_SURNAME, "adınız", "isminiz")
"""Beginnings of words that ask for a name."""
SURE = words("zilde sayın adım adımız ismim ismimiz soyadım soyadımız soyismim soyisim soyadı soyismi")
"""What follows is a name even if no list has it."""
OF_THING = words("""
    apartman apartmanın apartmanınızın bayi bayii bayinin bina binanın binanızın cadde caddenin cihaz cihazın
    cihazınızın eczanenin firma firmanın kullanıcı mağaza mağazanın mahalle mahallenin mahallenizin marka markanın
    market model modelin modelinin parça parçanın programın site sitenin sitenizin sokak sokağın sokağınızın şirket
    şirketin ürün ürünün ürününüzün yerin mail mailin posta dosya uygulamanın konu okulun plaza kanalın markası
    hesap
""")
"""Before ``adı`` they name a thing."""
MORE_OFTEN_WORDS = words("güzel sefer bayram net rüzgar")
"""Names that are an everyday word far more often, as in ``bu sefer usta``, ``ne güzel teyzem``."""
STEPS = words("son ilk sonraki önceki bir iki üç her")
"""Before ``adım`` they count steps."""
RELATIVES = words("""
    abim abimin ablam ablamın amcam anneannem annem annemin arkadaşım babaannem babam babamın bacanağım baldızım
    büyükannem dayım dedem damadım enişte eniştem eşim eşimin gelinim görümcem halam hanımım karım kardeşim
    kardeşimin kayınbiraderim kayınpederim kayınvalidem kayınvalide kızım kızımın kiracım kiracımız kocam komşum
    komşumuz kuzenim nişanlım oğlum oğlumun ortağım torunum teyzem yeğenim yengem yenge kapıcımız kapıcı görevli
    müdürümüz müdür sekreterim asistanım yardımcım bakıcımız bakıcı çalışanım çalışanımız elemanım elemanımız
    teknisyen teknisyenimiz tekniker ustamız ustanız usta sayın bay bayan doktor avukat hoca öğretmen muhtar amirim
    şefim yöneticimiz yönetici kiracı sahibi sahibimiz şoför şoförümüz şöför sürücü bekçi bekçimiz güvenlikçi
    müvekkilim hemşire hemşirem müdire patron patronum çırak emmi emmim türk baldız bacım kayınço kayınçom yetkili
    yetkilimiz misafirim amirimiz dükkancı emlakçım emlakçı muhasebeci muhasebecimiz temsilcimiz temsilci
    danışmanımız operatör arkadaşımız arkadaşın arkadaş kayınpeder oğlan kızımız oğlumuz eşi annesi babası kızı oğlu
    kardeşi
""")
"""Before a given name they introduce somebody else."""
TITLES = words("""
    bey beyin beye beyle beyi beyden beyde beymiş beyler hanım hanımın hanıma hanımla hanımı hanımdan hanımda
    hanımlar hanımefendiye beyefendi hanımefendi beyciğim hanımcığım
""")
TITLES_NEAR = TITLES | words("""
    abi abiye abinin abla ablaya ablanın amca amcaya amcanın dayı dede efendi hoca hocam hocanın kardeş kardeşim
    nine teyze teyzeye teyzenin teyzem usta ustam ustanın ustanız ustaya ustayla ustayı ustadan ustamız yenge
""")
TITLES_NEAR |= frozenset(
    stem + case
    for stems, cases in (
        ("abla amca hoca usta", "da dan ya nın yla lara m mız nız yı sı gil"),
        ("teyze dede nine yenge enişte", "de den ye nin yle lere m miz niz yi si gil"),
        ("hanım", "ın a la ı dan da lar efendi"),
        ("bey", "in e le i den de ler efendi"),
        ("dayı", "da dan ya nın yla m mız yı sı"),
        ("abi", "de den ye nin yle m miz yi si"),
        (
            "arkadaşımız ustamız elemanımız kardeşimiz personelimiz görevlimiz çalışanımız",
            "ın in a e la le dan den da de",
        ),
    )
    for stem in stems.split()
    for case in cases.split()
)
"""After a given name."""
AFTER = words(
    """
    adına adınaydı üzerine üstüne üzerinde üzerinden üzerineydi adındaki adında isminde isimli ismindeki adlı namı
    diye
"""
)
"""After the name in which something is on file."""
WRITES = ("yazdım", "yazıyorum", "kaydettim", "kaydediyorum", "kaydedeyim", "yazayım")
"""Beginnings of words after ``diye``: somebody writes down the name before it."""
ON_FILE = re.compile(r"kay[ıi]t|kayd|fatura|abone|sözleşme|garanti|tapu|sipariş|geçiyor|görünüyor|hesap|kim|yaz|biri")
SKIPPED = words("""
    a aa ah alo ama aslında at ay bak bakayım ben bende benim beyefendi bi bir bu bunun buyrun buyurun da dakika de
    dediğim dedim e ee eee eee em evet efendim günler günaydın ha hah haa hanımefendi hani hayırlı hemen hı hıhı hım
    hmm ise işte iyi iyiyim kendi kendim kolay gelsin lütfen merhaba merhabalar mm o olarak olacak oluyor önce özür
    pardon peki sağ saniye selam selamlar selamün siz sizin söyleyeyim söylüyorum şey şeydi şeyy şimdi şöyle tabi
    tabii tabiki tam tamam tamamdır teşekkür ederim vallahi valla ve veriyim vereyim ya yaa yani yazın
    yazabilirsiniz yazar yazayım yaz ı ıı ııı akşamlar olur adı adım adımı adımız ad isim ismi ismim soyad soyadı
    soyadım soyisim soyismi soyismim doğru kaydedin kodluyorum kodlayayım heceliyorum heceleyeyim harfle harf
    benimki benimkisi onunki seninki bizimki eşiminki
    diyorum dur bekleyin yok değil düzeltiyorum kusura bakmayın bakma
""")
"""May stand between what introduces a name and the name, or inside it."""
ASKS_NAME = re.compile(r"\b(?:ad soya[dt]|isim soyisim|adınız|isminiz|soyadınız)")
"""In a question that asks for a name, too."""
JOINS = words("değil ve ile ya da veya yada kardeşi eşi oğlu kızı")
"""Between two names."""
OF_SON = words("oğlu oğulları kızı")
"""The second half of a surname that is written in two."""
ASKS_BACK = words("mı mi mu mü mıydı miydi muydu müydü")
HESITATES = words("a e ee eee em ee hani ı ıı ııı mm pardon şey yani işte şeydi hmm")
SCOLDS = words("""
    çekil sus bırak yapma elleme oynama karışma bağırma bağırmayın susun durun kapat otur kalk kıs kıssana git gidin
    dokunma vurma koşma ağlama rahat gürültü
""")
"""Said to somebody in the background."""
ENDS = words("""
    ama adına alo bey beyin buyurun buyrun ben bende benim beyefendi diye dün efendim geçen hanım hanımın için ile
    nasıl olarak size ve yazın bugün ismim soyadım soyadı üzerine kayıtlı sizi arıyorum evet tamam doğru olacak
    desen desinler derler deyin dersin dersiniz derseniz deseniz diyorlar yeter ya veya yada adres cep cebim tc tece
    mail benimki kimlik iban telefon gsm doğum kendisi oğlu kızı yazar yazabilirsiniz kaydedin dedim şeklinde iyi
    yazıyor yazıyo yazılı yazıyordu geçiyor geçer merhaba yani hanımefendi telefonum numaram adresim tek bitişik
""")
"""Words after a name."""
NOT = words("""
    pazartesi salı çarşamba perşembe cuma cumartesi pazar haftaya
    müşterimiz abonemiz müşterim yetkilimiz beyefendi misafirimiz kullanıcımız dinleyici vatandaş avukat doktor
    müdür hoca öğretmen yavrum evladım oğul gardaş gardaşım ula uşağum dadaş emmi canım kuzum torun yeğen kanka
    mıydı miydi muydu müydü mıymış doğrudur bilmem nasılsınız görevli sorumlu yetkili güvenlik danışma fark etmez
    farketmez abone aç acaba acil adres adresi adresim adresimi adresiniz adresten akşam aldım alabilir alalım
    alayım alıyorum allah almanya ama ancak anladım anlat anlattım ankara ankaradan antalya apartman apartmanı
    aradığınız aradım aramıştım arçelik arıyorum arıza arızalı aslen aslında aşağı avrupa aynen aynı ayrıca az
    bağlanıyorum bakar bakım bana bayağı bayi bazen bekle bekleyin beko belki ben benden beni benim bey beyaz
    beyefendi biraz biri birisi biz bizde bizim bizi boş bosch bozuk bozuldu böyle bu bugün buldum buna bunlar bunu
    bunun burada buradan buranın buraya buyrun buzdolabı bulaşık büro bütün cep çalışmıyor çamaşır çok çocuk çünkü
    da daha dahi dakika dan de dedi dedim değil demek demin dendi den devam dışarıda diğer dinliyorum dilerim diye
    doğru dolap dolayı dur dükkan dün düzelt e ederim edin efendim eh elektrik en ertesi eski ev evde evdeyim evet
    evim evin eşim eşimin fakat falan fatura faturada fena fırın fiyat galiba garanti geç geçen geçiyor geldi gelin
    gelsin gerek gibi görünüyor görüşüyorum gün günaydın günler hala hangi hanım hanımefendi hani harf harfle hat
    hata hatta hattı hay hayır hemen hep hepsi her herhalde hiç hocam hoş hollanda için ilk ile ise isim ismi
    isminiz istanbul istanbuldan istiyorum iş işte işten izmir iyi iyiyim kaç kadar kapı kargo kart kaydım kayıt
    kayıtlı kendi kendim kesin kim kime kimden kimin kimlik kira kiracı kiracıyım klima kolay kombi konuştum konuyla
    kredi kurban kurulum lazım lg lütfen mail makine makinem makinesi mesela merak merhaba merhabalar mi mı mu mü
    misin mısınız misiniz miydi miyim model montaj mümkün müdür müsait müşteri müşteriyim nasıl ne neden nedir nere
    nereden nereye neydi neyse niye niçin no normal not numara numaram numarası o ocak olan olarak olsun olur
    oluşturalım on ona ondan onlar onlara onu onun ora orada oradan oraya oldu olmadı öbür ödeme ödedim önce önceden
    önemli öyle özür pardon para parça peki profilo randevu rica saat sabah sağ sağolun samsung sanırım sana sanki
    satın sayın sadece saniye sen seri servis servise servisten sesim sesiniz siemens sipariş site siz size sizde
    sizden sizi sizin sizler sonra sorun soyad soyadınız soyadınızı söyleyeyim söyledim söylüyorum su süper şey şeyi
    şeyler şikayet şimdi şirket şirketi şu şuan şöyle tabi tabii tabiki tam tamam tamamdır tane tarih taraftan tamir
    tamirci tek tekrar teknik teknisyen telefon telefonda telefonum televizyon teşekkür teşekkürler tl toplam tv
    usta ustanız uzun ücret üç üstüne üye üyeyim üzgün üzgünüm kuveyt üzerine var vardı varmış ve vermiştim vestel veya
    vallahi valla yalnız yani yapın yardım yardımcı yarın yaz yazar yazayım yazdırdım yazıyor yazın ya yeni yeter
    yine yok yoksa yukarı zaman zaten zil iki telefonumu numaramı soracaktım size nasıldı kırık kapalı açık memnun
    üst alt katta daire mahalle bilgi bilgiler numaranız marka memleket sokak cadde adına ürün sizinle görüşmek
    kontrol işlem kayıtta sistemde sistem burası burda birşey şeyim hesap hesabı üzerinden kiminle görüşüyorsunuz
    evimde karışık kısa kolaydı yanlış aynısı ikisi kız erkek bayan bay yabancı ismin yalnızca anne annem annemin
    babam babamın babası annesi kızım oğlum kardeşim komşum kocam karım abim ablam sahibi sahibiyim müdürü kurum
    kurumsal şahıs firma firmanın çift tek çekim nokta bitişik boşluk büyük küçük noktalı ingilizce türkçe yazılışı
    kalın ince yumuşak ankarada izmirde kusura bakmayın bakma bakarsan işim işimiz evdeki kocamın karımın
""")
"""Never a name, not even where one is awaited."""
_VERB = (
    r"\w+yor\w*|\w+[dt][ıiuü](?:m|k|n[ıiuü]z|l[ae]r)|\w+[ae]c[ae][kğ]\w*|\w+m[ae][kdy]\w*|\w+s[ae](?:n[ıi]z|k|m)"
    r"|\w+[ae]y[ıi]m"
    r"|\w+[ae]l[ıi]m|\w+[ıiuü]n[ıiuü]z\w*|\w+[ıiuüae]r(?:[ıiuü]m|s[ıiuü]n\w*|[ıiuü]z|m[ıi]s[ıi]n\w*)"
    r"|\w+s[ıiuü]n(?:[ıi]z|l[ae]r)"
)
_NOUN = (
    r"\w+(?:m[ıiuü]ş\w*|[dt][ıiuü]n?|m[ae]z(?:s[ae]|d[ıi])\w*|l[ae]r(?:[ıi]\w*)?|s[ıiuü]n|[dt][ae]n|[dt][ae]y\w*"
    r"|l[ıiuü][kğ]\w*"
    r"|[ıiuü]nc[ıiuü]|[ıiuüae]b[ıi]l\w+|[ıiuü]m[ıiuü]z\w*|ken|[ae]r[ae]k|[ıiuü]p|m[ae]d[ae]n|n[dt][ae]\w*"
    r"|s[ıi]nd[ae]n?|d[ae]ki)"
)
_NO_VERB = r"(?!\w*(?:[iau]stik|[aeo]tik|utik|[pn]tik)\b)"
"""Before words that end as verbs do and are none: ``lojistik``, ``butik``."""
VERB = re.compile(_NO_VERB + f"(?:{_VERB})")
"""An ending of verbs, where no list knows the word as a name."""
VERB_OR_NOUN = re.compile(f"{_NO_VERB}(?:{_VERB})|{_NOUN}")
"""An ending of verbs, and of nouns in a sentence."""
_PATTERN = re.compile(
    r"\w{2,}(?:oğlu|oğulları|türk)|(?:ak|kara|öz|kıl|yurt|dal|taş|er|tek|sağ|şen|çet|çetin|gül|kul|ay|er|gök|boz"
    r"|kızıl|altın|ay|gün|bay|tan|ulu|yeni|koca|demir|çelik|kılıç|sarı|can)"
    r"(?:kaya|taş|demir|dağ|su|soy|türk|can|bulut|gül|han|tekin|doğan|baş|göz|kuş|çay|tepe|deniz|yol|ova|pınar"
    r"|bay|bey|kan|ışık"
    r"|yıldız|alp|kurt|aslan|arslan|kol|gür|saçan|soylu|özü|ışık|ses|çelik|şahin|kılıç|man|polat|er|gün|gil)"
    r"|\w{3,}(?:gil|yev|yeva|ov|ova|ovic|oviç|enko|zade|ishvili|şvili)"
)
_BARE = ("aygün", "bayan", "günsu", "cankan")
_CASES = re.compile(
    r"(\w{3,}?)(?:[ıiuü]n|n[ıiuü]n|y?[ae]|y?[ıiuü]|y?l[ae]|[dt][ae]n?|l[ae]r[ea]?|[cğ][ıi][ğm][ıi]m|c[ıi][ğm]"
    r"|mış|miş|muş|müş|y[dm][ıi]ş?)"
)
_JOINED = re.compile(r"(\w{3,})(?:nur|gül|naz|can|su|ali|han|efe)")
_SHORTEST_STEM = 4


class Names(NamedTuple):
    """Names that lists know."""

    given: frozenset[str]
    """Given names."""
    also_words: frozenset[str]
    """Those of them that are everyday words too."""
    surnames: frozenset[str]

    def is_certain(self, text: str) -> bool:
        """Return whether a word can be nothing but a given name, with an ending or without."""
        if text in self.given:
            return text not in self.also_words
        joined = _JOINED.fullmatch(text)
        if joined and joined[1] in self.given:
            return True
        cased = _CASES.fullmatch(text)
        stem = cased[1] if cased else ""
        return (
            len(stem) >= _SHORTEST_STEM and stem in self.given and stem not in self.also_words and text not in _NO_CASE
        )

    def is_given(self, text: str) -> bool:
        """Return whether a word is a given name, an everyday word or not, with an ending or without."""
        cased = _CASES.fullmatch(text)
        stem = cased[1] if cased else ""
        return (
            text in self.given
            or self.is_certain(text)
            or (len(stem) >= _SHORTEST_STEM and stem in self.given and text not in _NO_CASE)
        )

    def is_surname(self, text: str) -> bool:
        """Return whether a word is known as a surname, or built like one."""
        if text in self.surnames or (_PATTERN.fullmatch(text) and text not in _BARE):
            return True
        cased = _CASES.fullmatch(text)
        return bool(cased) and len(text) > _SHORTEST_STEM + 2 and bool(_PATTERN.fullmatch(cased[1] if cased else ""))

    def is_name(self, text: str) -> bool:
        """Return whether a word is known as a name of any kind."""
        return self.is_given(text) or self.is_surname(text)


_NO_CASE = words("""
    abide arife azize aferin arınım başarı başarım batum beyzade berhane cemile emilim enesin fahriye filizi halile
    gerçekten kamara kazıma kerime maksure martini melisa nevale nihale nurani pirana refika sayılı seyfiye seçilim
    sinema
    tarhana yıldırım ziyade şehzade yücelim
""")
"""Everyday words that look like a given name with an ending."""


_TOPICS = ("telefon", "eposta", "mail", "plaka", "adres", "numara", "iban")
"""Beginnings of words that say what follows."""
_KIN = re.compile(
    r"(?:anne|anneanne|baba|babaanne|dede|nine|teyze|hala|dayı|amca|abi|abla|kardeş|kayın\w{4,6}|kaynana|kaynata|görümce|elti|bacana[kğ]|nişanlı|patron|hemşeri|torun|yeğen|kuzen|komşu"
    r"|arkadaş|kiracı|ortağ|damad|oğl|kız|eş)(?:[ıiuü]?m|[ıiuü]m[ıiuü]z)(?:[ıiuü]n(?:ki)?|[ae]|[ıiuü]|[dt][ae]n?)?"
)
"""Somebody of the speaker's, with an ending."""


def may_be_name(text: str, *, sure: bool = False) -> bool:
    """Return whether a word that no list knows may be a name where one is awaited, or surely given."""
    if not text.isalpha() or len(text) < 2 or text in NOT or text in SKIPPED:
        return False
    if text.startswith(_TOPICS) or _KIN.fullmatch(text):
        return False
    return not (VERB if sure else VERB_OR_NOUN).fullmatch(text)


@cache
def names() -> Names:
    """Return the names of the lists."""
    folder = files("agents.transcribe.languages.tr.redaction")
    given, surnames = ((folder / name).read_text(encoding="utf-8") for name in ("given_names.txt", "surnames.txt"))
    certain, also_words = (words(_without_comments(part)) for part in given.split("# also words"))
    return Names(certain | also_words, also_words, words(_without_comments(surnames)))


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))
