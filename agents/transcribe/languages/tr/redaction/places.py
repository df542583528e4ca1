"""Words of addresses, by what they do: a new way of telling where somebody lives is a line here."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from agents.transcribe.languages.text import words

STREET = re.compile(
    r"(?:mahal+e(?:si|sinde|sinin|miz|sine|sinden)?|mah|mh|cad+e(?:si|sinde|sinin|den|sine|ye|de)?|cad|cd"
    r"|soka(?:k|ğı|kta|ğında|ğın|ğının|ğa"
    r"|ktan|ğından)|sokat|sok|sk|bulvar(?:ı|ında|ının|ına)?|blv|blvd|apart?u?man(?:ı|ında|ının|a|ın)?|apart|apt"
    r"|apt?mı|site(?:si|sinde|sinin|sine)?"
    r"|çıkmazı|konak?ları|konutlar[ıi]?|konutları(?:nda|nın)?|rezidans[ıi]?|residans[ıi]?|evleri|evlerinde|köyü"
    r"|köyünde|köyünün|plaza(?:sı|da)?"
    r"|etap|etabı|kısım|adası|bölgesi|lojman(?:ları|lar|ı)?|villa(?:ları|lar|sı)?|sanayi|osb|hanı|işhanı|pasaj[ıi]?|çarşısı|mevki(?:i|si)?"
    r"|mevkiinde|yolu|yolunda|meydanı|parkı|yurdu"
    r"|kooperatifi|kampüsü|kulesi|kule|towers|tower|beldesi|kasabası|mezrası|yaylası|köprüsü|merkezi|iskelesi"
    r"|kordonu|sahili|yokuşu|geçidi|avm|üssü|kışlası)"
)
NUMBERED = words(
    """
    daire dairesi dış iç kapı kat katı no nosu numara numarası kapısı zil d k bina blok parsel ada villa giriş
    dükkan
"""
)
"""Before a number."""
NUMBERED_AFTER = words("""
    blok bloğu bloğun bloktaki daire dairesi dairede dairenin kapı kat kata katı katta katında katın katına numara
    numarada numarası numaralı no nolu numaralı zil gat giriş girişi girişte bölüm dükkan etap parsel ada katım
    kattayım katımız
""")
"""After a number or a letter."""
SLASH = words("bölü bölüm taksim kesme slaş slash çizgi tire eğik bölu")
FLOORS = words("zemin giriş bahçe bodrum çatı asma üst alt en kot")
FLOOR = words("kat kata katı katta katında katın gat gatı katım kattayız dubleks dubleksi")
SIDES = re.compile(
    r"(?:karşı|yan|üst|arka|ön|bitişi[kğ]|köşe|sıra|ileri|hiza|sapa[kğ]|çapraz|dib|taraf|civar|yakın|giriş|çıkış"
    r"|öte|aşağı|yukarı|iç|orta|sol|sağ|üzer|baş|son|alt|çevre|kenar)"
    r"(?:s[ıi]|[ıiuü])(?:n(?:d[ae](?:n|ki|y\w*)?|[ae]|ın|in))?|karşıda|karşı|arkada|arkadan|altındaki|altında"
    r"|duvarına|istikametinde|varmadan|bakan|yanı|üzeri"
)
"""Where something lies beside something else."""
ROUTE = words("""
    sağa sola sağda solda sağdan soldan sağdaki soldaki düz dümdüz geçince geçmeden gelirken dönünce dön dönün girin
    girince girişte çıkınca inince ilerde ileride ilerleyin aşağı yukarı sapın sapma köşe köşede köşedeki metre
    ileri geç geçin sonra ışıklardan ışıklar kavşak kavşaktan göbekten sapaktan köprüden sol sağ taraf tarafta
    tarafda kapıda son ilk sondaki baştaki beyaz beyas mavi kırmızı yeşil sarı pembe gri siyah kahverengi turuncu
    bordo eski yeni demir ahşap taş tek iki üç katlı müstakil gel gir çık bahçeli dönüş altgeçit üstgeçit kilometre
    birinci ikinci üçüncü
""")
"""Words of a description of the way."""
THINGS = words(
    """
    kapı kapılı bina binası ev evi apartman çatı çatılı zil zili boyalı villa konak sokak yol bahçe duvar dükkan
    depo garaj
"""
)
"""What a colour tells apart."""
LANDMARKS = re.compile(
    r"(?:eczane|market|bakkal|cami|okul|fırın|park|banka|durak|dura[kğ]|pasta[hn]e|pastane|muhtar|hastane|otel"
    r"|kuaför|berber|kasap|manav|büfe"
    r"|karakol|belediye|ptt|postane|benzin|istasyon|metro|tramvay|otogar|stadyum|stad|lise|ilkokul|ortaokul|kreş"
    r"|anaokul|mezarlık|çeşme|pazar"
    r"|kahve|kıraathane|lokanta|restoran|kebap|börek|dönerci|migros|bim\b|şok\b|a101|sağlık oca|aile sağlı"
    r"|spor salon|düğün salon|fabrika"
    r"|tesis|depo|otopark|garaj|köprü|kavşak|meydan|havuz|sinema|kütüphane|vergi daire|adliye|noter|emlak|nalbur"
    r"|terzi|lastik|tamirci|halı saha"
    r"|petrol|opet|shell|konak|kulübe|site|avm|öğretmenev|kültür merkez|çarşı|dershane|üniversite|yurt|itfaiye"
    r"|jandarma|trafo|su depo|tren|gar\b|iskele"
    r"|dükkan|kuyumcu|mobilya|çiçek|kırtasiye|optik|simit|pide|gözleme|balık|tekel|minare|türbe|kantar|değirmen"
    r"|ışık)\w*"
)
ASKS = re.compile(
    r"\b(?:mahalle|soka[kğ]|cadde|bina|site|apartman|köy|blok|ilçe)\w* (?:ad|is[im])\w*|\badres(?!im|ten|teyim)"
    r"|\bkaçıncı kat|\bhangi (?:kat|il|şehir|köy|adres|daire|mahalle|sokak|semt|kapı|blok"
    r"|bina)|\bil ilçe|\bnere(?:de|deki|desiniz|si|ye)\b"
    r"|\btarif|\bkonum|\boturuyorsunuz|\bnerde\b|\bnasıl gel|\byakın nokta|\bikamet|\bgeleceği|\bkatınız"
    r"|\bkapı n|\bnumara kaç|\bkaç numara|\bno kaç|\bnumara daire|\bdaire kaç|\bkat kaç"
)
"""In a question: somebody is asked for an address."""
ASKS_PART = re.compile(
    r"\bmahalle|\bsoka[kğ]|\bcadde|\bdaire|\bkat\b|\bbina|\bblo[kğ]|\bsite|\bapartman|\bilçe|\bsemt|\bmevki"
    r"|\bkapı|\bil\b|\bköy|\bmuhit|\bzil\b|\bev no"
)
"""In a question or a short turn: somebody is asked for a part of one."""
QUESTION = re.compile(
    r"\b(?:al(?:ay|ab|al|sa)\w*|ne(?:dir|ydi|resi\w*)?|hangi\w*|kaç\w*|m[ıiuü](?:s[ıiuü]n\w*|ydi|ydı)?|söyle\w*"
    r"|lütfen|rica|peki|ver(?:ir|eb|in|se)\w*|öğren\w*"
    r"|yaz(?:ay|al)\w*|gerek\w*)\b|\b(?:ad[ıi]|ismi|no|numara\w*)$"
)
_SHORT = 3
"""Spaces in a turn of so few words that it is a question."""


def is_side(text: str) -> bool:
    """Return whether a word says where something lies beside something else."""
    return bool(SIDES.fullmatch(text)) and text not in {"altı", "altına", "sonuna", "üste"}


def is_numbered_after(text: str) -> bool:
    """Return whether a word after a number makes it a door's, a floor's, a block's."""
    return text in NUMBERED_AFTER or text.startswith("numarada")


def asks(text: str) -> bool:
    """Return whether a turn asks for an address or for a part of one."""
    text = NO_ADDRESS.sub("", text)
    if ASKS.search(text):
        return True
    if OTHER_TOPICS.search(text):
        return False
    return bool(ASKS_PART.search(text)) and (text.count(" ") < _SHORT or bool(QUESTION.search(text)))


NO_ADDRESS = re.compile(
    r"\b(?:daire|kat|bina|site|ev)?\w* ?kaç (?:kilo|met|lira|btu|kişi|bin\b|gün|saat|ay\b|yıl|para|dakika|tane|adet"
    r"|oda)\w*|\b(?:mail|e ?posta|email|meyl|ip|web|internet)\w*(?: \w+){0,3}? ?adres\w*|\bkapı kilidi|\bkapı kolu"
    r"|\bkapağ?ı?|\bdolap kap"
    r"|\bmakine\w* kap|\bapartman kart\w*|\bvergi daire\w*|\bson kullanma\w*|\bkapı (?:geniş|boy|ölç|elli"
    r"|yükse)\w*"
)
ASKS_NAMED = re.compile(
    r"\badres|\bmahalle|\bsoka[kğ]|\bcadde|\bbina|\bsite|\bapartman|\bilçe|\bsemt|\bhangi|\bil\b|\bköy|\bneresi"
    r"|\bnerede|\bnerde|\bblok|\bmuhit"
)
"""The answer may be a bare name."""
ASKS_NUMBER = re.compile(
    r"\bkapı|\bdaire|\bkat\b|\bkaçıncı|\bnumara|\bblok|\bno\b|\bkatınız|\bhangi kat|\bzil\b|\bgiriş|\bbina|\bdış|\biç\b"
)
"""The answer may be a bare number."""
ANNOUNCES = words(
    """
    adresim adresi adres adresimiz adrese adresin adresten oturuyorum oturuyoruz evim evimiz adresimi adresiniz
    adresinizi konum ikametim ikamet
"""
)
OTHER_TOPICS = re.compile(
    r"\b(?:telefon|cep\b|mail|posta|plaka|iban|hesap|kart|kimlik|tc\b|soyad|adınız|isminiz|isim|fatura|arıza|takip|kargo|sipariş"
    r"|şikayet|ücret|randevu|sabit|hat\b|model|marka|cihaz|hata|araç|aracı|araba)"
)
NUMBER_WORD = re.compile(
    r"(?:bir|iki|üç|dört|beş|altı|yedi|sekiz|dokuz|on|yirmi|otuz|kırk|elli|altmış|yetmiş|seksen|doksan|yüz|bin"
    r"|sıfır|eksi"
    r"|(?!kaçıncı)\w*(?:inci|ıncı|uncu|üncü)(?:si|sı)?|\d+)"
)
"""A part of an ordinal, or of a number run together with letters."""
STOPS = words("""
    a aa abi abla acaba adres adresi adresim adresimi adresimiz adresiniz adresinizi adresten ah alayım aldım alo
    ama aman anladım arada aslında aynı açık bak bakayım bakın bana bekle bekleyin bekliyorum ben benim beyefendi
    bey bi bizde bizim biz bu bunu burası buraya buyrun buyurun bulamadım büyük da daha dakika de dedi dedim değil
    değişti demek diye diyo diyor doğru dur e ee eee efendim eh ev evim evimiz evde evet falan fatura galiba geldi
    geliyor gelsin gelin geç gibi günaydın güzel hani hangi hanım hayır he hee hemen herhalde heralde hı hıhı hım
    hmm hoş için ise iş işte ki kaç kayıt kayıtlı kayıtta karşı kadar konum lütfen m merhaba mesela mi mı mu mü
    mısınız misiniz mıydı miydi nasıl ne neydi neyse o okuyorum olarak olsun olur ora orası orada oraya oturuyorum
    oturuyoruz pardon peki saat sanki sen siz size sizin sizi söyleyeyim söyleyin söylüyorum söyler şey şimdi şu
    şurası şöyle tabi tabii tam tamam tamamdır taşındık teslimat teşekkürler telefon telefonum tekrar unuttum usta
    ustanız ustam ustaya var vardı zilde zili zil yazar bekliyor ödeme nasıl anlatın dinleyin tekrarlayın hiçbir
    güzelmiş kolay gelsin merkez vallahi valla ve veriyorum veya vereyim ya yaa yani yanlış yaz yazar yazayım yazın
    yazıyor yok yoksa alttaki üstteki alttakinin ilçe mahalle sokak cadde bina daire numara semt isim isminiz kimi
    kime kim yoo yeni ı ıı ııı ıh hımm ekip servis kurye görünüyor zaten bile çünkü bugün yarın gelecek yerin yeri
    ismim adım yenisi kartvizitten okuyayım acele numaram cep adı anne baba oğlum kızım teyze amca kardeşim yavrum
    evladım gardaş ula oğul gari şinci hele aha pek çok hiç bence bir_dakika olan olacak ayrıca bundan önce
    dinliyorum dinliyor bir saniye
""")
"""Words that no name of a street begins with."""
FILLS = words("""
    ee e eee ı ıı ııı şey yani hani işte evet hı pardon da de bir dakika dur bakayım sonra tamam tam ondan orası ve
    hemen şu bu yok değil adı neydi dedim ya galiba heralde herhalde var oluyor olması lazım yazıyor diye böyle
    şöyle efendim bi numara no adresi adresim tabi tabii
""")
"""May stand between two parts of an address."""
VERB = re.compile(
    r"(?!(?:ostim|didim|nadim|\w+istik|\w+atik|plastik|butik)\b)(?:"
    r"\w+(?:yor\w*|[dt][ıiuü](?:m|k|n[ıiuü]z|l[ae]r)|[ae]c[ae][kğ]\w*|s[ae]n[ıi]z|[ae]y[ıi]m|[ae]l[ıi]m"
    r"|n[ıiuü]z(?:[ıiae])?|m[ae]y[ıi]n|sinler|s[ıi]nlar|m[ıi]sın[ıi]z|mez|maz)"
    r"|ol(?:du|muş)|(?:yok|var)(?:um|uz|ım|ız|[dt][ıu]|m[ıu]ş))"
)


UNITS = re.compile(
    r"(?:lira|tl|kuruş|saat|gün|ay|yıl|sene|hafta|dakika|saniye|tane|adet|kişi|kilo|kg|litre|santim|cm|metre"
    r"|derece|taksit|bin|yaş|kere|kez|buçuk|ekran|inç|program|bar|volt|watt)\w*"
)
"""After a number: it counts or measures something."""
BARE = words("""
    site sitesi sokak sokağın cadde caddenin apartman apartmanın mahalle mahallede avm plaza kule sanayi sanayide
    köprüsü merkezi parkı
""")
"""Words of streets and houses that are said of any."""
COLOURS = words("""
    beyaz beyas mavi kırmızı yeşil sarı pembe gri siyah kahverengi turuncu bordo eski yeni demir ahşap dış iç ilk
    son
""")
"""What is described follows."""
CORRECTS = words("yok pardon değil yani şey ee eee ııı ı dur")


AGAIN = words("yine gene da de ise hala aynı")
"""Between ``numara`` and the number: ``numara yine dokuz``."""
CLIMBS = re.compile(r"kat (?:çık(?!ı[nş])|in(?!ince)|taşı|yürü|merdiven)")
"""After a number: it counts floors."""
NAMEPLATE = re.compile(r"zil(?:de|in|inde)\b|zil d[ae]\b")
"""What follows is a name and no more of the address."""
HOUSES = words("etap kısım blok bloğu parsel")
"""A house among others, by a number or a letter."""
FLATS = words("daire dairesi kapı no numara")
HAS_NUMBER = re.compile(r"\bnumarası (?:yok|var) m")
"""Asks for the door of what was told."""
QUESTIONS = words("no numara numarası daire blok kat kapı bina mahalle sokak cadde ilçe semt il site")
"""The last word of a turn, and nothing after it: what is asked for next."""


def like_place(text: str) -> bool:
    """Return whether a word after an address is a quarter or a town, as lists or its form have it."""
    return places().is_place(text) or _LIKE_PLACE.fullmatch(text) is not None


_LIKE_PLACE = re.compile(r"\w{2,}(?:köy|kent|şehir|evler|hisar|tepe|pınar|kale|ova|dere|kavak|burun|bahçe)")


class Places(NamedTuple):
    """Provinces and districts."""

    certain: frozenset[str]
    """Those that are no everyday word."""
    also_words: frozenset[str]

    def is_place(self, text: str) -> bool:
        """Return whether a word is a province or a district, with an ending or without."""
        return text in self.certain or ((cased := _CASES.fullmatch(text)) is not None and cased[1] in self.certain)


_CASES = re.compile(r"(\w{3,}?)(?:[dt][ae]n?|y?[ae]|n?[ıiuü]n|[ıiuü])")


@cache
def places() -> Places:
    """Return the places of the list."""
    text = (files("agents.transcribe.languages.tr.redaction") / "places.txt").read_text(encoding="utf-8")
    certain, also = (
        "\n".join(line for line in part.splitlines() if not line.startswith("#")) for part in text.split("# also words")
    )
    return Places(words(certain), words(also))
