"""The words around dictated numbers, by what they do: a new way of dictating is a line here."""

from agents.transcribe.languages.text import words

CORRECTS = words("""
    affedersiniz değil değildi değilmiş dur durun düzeltelim düzelteyim düzeltiyorum hata hayır iptal karıştırdım
    kusura olacak olacaktı olmadı pardon silin tersi yani yanlış yanlışmış yok yoo özür şaşırdım
""")
"""Take back what was said, or announce what is right."""

ASSENTS = words("""
    aldım aldınız alıyorum anladım anlaşıldı aynen devam doğru doğrudur doğrumu evet geçtim ha haa hah he hee hı hıhı
    hıı hım kaydettim ok okey oldu olsun olur oluyor peki süper tabi tabii tamam tamamdır teyit yazdım yazdınız
    yazıyorum
""")

HESITATES = words("""
    a aa ah ay aman bi bir dakika ding dk dur e ee eee eh em h haydi hani hay hemen hm hmm hımm mm ı ıı ııı neydi
    of saniye sn şey tövbe yahu ya öyle şöyle işte
""")

SPEAKS = words("""
    abi abla alabilir alayım alo alamadım anlamadım ağır bakalım bakar bakayım bakma bakmayın baktım bekleyin ben bey
        beyefendi biraz buyrun buyur buyurun bunu burada burası buydu demek demiştiniz dedi dedim dediniz dediğiniz
    diyor diyeyim
    diyorum diye dilerim dinliyorum duyamadım duydunuz edelim edeyim edin ediyim ediyorsunuz ediyorum efendim falan
    gelmedi gelsin gerisi geri gidiyor gitti görünüyor hanım hanımefendi hocam istiyorum kaldı kaldık kaldım kalmıştı
    kaçtı kaçırdım kesildi kesinlikle kontrol lütfen misiniz miyim mı mısınız mıyım mi mu musunuz mü müsünüz nasıl ne
    no not oku okudum okur okuyayım okuyorum okuyun rica sanırım galiba sesiniz siz size söyledim söyler söyleyeyim
    söylüyorum söyleyin tekrar tekrarlar tekrarlayayım tekrarlıyorum teşekkür ederim toparlıyorum toparlayayım var
    yavaş yavaşça yaz yazar yazayım yazın yazıyor yazmışım yazalım yapıyorum mi acele etmeyin
""")
"""Speaks of the dictation itself."""

PLACES = words("""
    arada ardından ardında artı ayrıca baş başa başka başta baştan başı başında başındaki başladı başlıyor bitiyor
    bitişik bitti boşluk bu da daha de devamı devamında devamını en evvel gene kalanı geri geriye hane hanesi haneli
    haneyi haneler ikili ikişer ilk ilki kere kez defa kısmı o ondan orta ortası ortada ortasında öncesi parantez
    rakam rakamı rakamlar sıra sırada sıfırla son sonra sonrası sonraki sonrasında sonu sonuna sonunda sonuncu tane
    tire toplam ve yine ile çift çizgi önce önünde önüne üçlü üçer dörtlü dörder şimdi şu hepsi grup
""")
"""Say where in a number a part stands, or how it is grouped."""

FILLS = CORRECTS | ASSENTS | HESITATES | SPEAKS | PLACES
"""All that may stand between the parts of one number."""

PART = words("""
    baş başı başında başındaki başta baştaki biten bitiyor bitiyordu başlayan başlıyor devamı devamında geri gerisi
    hanesi hanesini haneleri haneyi haneleri haneniz ilk ilki kalan kalanı kodu kodum orta ortası ortadaki son sonda
    sondaki sonları sonu sonum sonunda sonundaki sonuncu
""")
"""Call digits a part of a number: ``sonu kırk iki olan``."""
LACKS = words("eksik fazla haneli çıkıyor çıktı etti")
COUNTS_UP = words("""
    etti ediyor oldu oluyor tamam tamamdır tamamlandı saydım sayıyorum eksik fazla çıktı çıkıyor şimdi olmalı gerek
    olacak lazım bulduk tam
""")
"""Beside a number that says how many digits there are: ``tamam yirmi altı``."""
WHOLE = frozenset({"10", "11", "16", "24", "26"})
"""Counts of digits, and of an account number's letters, too."""
"""After a number: it counts digits."""
TWICE = words("çift çifte duble")
"""``çift sıfır``: 00."""
TIMES = words("tane adet kere kez defa")
"""``üç tane yedi``: 777."""
RANGE = words("ile ila veya")
"""Between two numbers of which the second measures, the first does, too: ``on ile on iki arası``."""
OF_ADDRESS = ("soka", "cadde", "mahalle", "çıkmaz", "bulvar", "apart", "blok", "site", "daire", "kapı", "kat")
"""Beginnings of words before ``numara`` that make it a door's."""
COUNTED = words("ilk son kalan sondan baştan öndeki sondaki baştaki")
"""Before a small number that counts digits: ``son iki``, ``ilk dört hane``."""

PHONE = tuple(words("gsm hattım hattın iletişim irtibat telefon ulaş vatsap watsap whatsapp"))
PHONE_WHOLE = words("cep cepten cebim cebimi cebiniz sabit sabiti sabitiniz tel teli telim telin")
NO_PHONE = words("telefonda telefonla telefonlar telefonunuzdan ulaştı ulaşmadı ulaştırma ulaşım")
NATIONAL_ID_WHOLE = words("""
    kimlik kimliği kimliğim kimliğimden kimliğimi kimliğimin kimliğin kimliğiniz kimliğinizi kimliğinin kimlikte
    kimlikteki kimlikten tc tckn tcm tcmi tcmin tcniz tcnizi tcsi tcyi tece vatandaşlık
""")
IBAN = ("iban", "ayban", "ıban", "aybən", "hesab", "hesap")
NO_IBAN = ("hesapl",)
COUNTRY = words("tr ter tere")
COUNTRY_SPELT = {("te", "re"), ("t", "r"), ("te", "ere"), ("te", "r"), ("de", "re")}
"""Before the digits of an account number."""
COUNTRY_ENDS = words("başta başı den dan si sonrası sonrasını var yi yı")
"""After the letters of the country: they stand for the number."""
IBAN_HEAD = words("tr ter tere te t r re ere si nin türkiyenin trabzon rize")
PHONE_HEAD = words("artı")
"""Belong to the number that they stand before."""
CARD = ("kart", "troy", "mastercard", "visa")
NO_CARD = ("kartviz", "kartal", "kartela", "karton", "kartuş", "karttı")
OF_BOARD = words("ana anakart elektronik güç kontrol ekran cihazın makinenin kombinin")
"""Before ``kart``: a part of a device."""
PHONE_PAIRS = {("geri", "dönüş")}
"""What a number is for."""
CALLS = words("""
    aramıştım aranan ararsanız ararsınız arasın arasınlar arayabilir arayabilirsin arayabilirsiniz arayan arayın
    arıyorum
""")
"""After a number: it is one to call."""

OTHER = tuple(
    words("""
    abone arıza barkod bayi başvuru belge cihaz dekont dosya doğrulama emri etiket fatura fiş form garanti gönderi hata
    imei irsaliye işlem sıra kampanya kargo kaydı kayıt kupon makbuz makine mağaza model müşteri onay parça poliçe
    randevu referans rezervasyon sayaç seri sertifika servis sicil sipariş stok sözleşme takip talep teklif
    tesisat ticket vergi ürün şikayet
""")
)
"""Beginnings of words before ``numarası`` or ``kodu`` that make it one of the company, or of a thing."""
OTHER_ALONE = ("sipariş", "kargo", "seri", "barkod", "imei", "kaydı", "kaydınız", "dahili", "sıra", "günü")
"""Directly before digits they are enough."""
OTHER_CODE = ("barkod", "imei", "kod", "kodu", "şifre")
"""Words for a code that need no other before them."""
OTHER_TOPIC = tuple(
    words("""
    kullanma kulanma arkasında arkadaki skt cvv cvc güvenlik doğum tarih fiyat ücret tutar bedel borç toplam indirim
    model ekranda ölçü
""")
)
"""Beginnings of words after which digits are no identifier: an expiry date, a code, a price."""

OTHER_MONEY = ("fiyat", "ücret", "tutar", "bedel", "borç", "toplam", "indirim")
"""Those of them that speak of money."""

OTHER_PAIRS = {("ay", "yıl"), ("ay", "yılı"), ("ayı", "yılı"), ("son", "tarih")}
CODE_WHOLE = words("no nosu nolu numara")
CODE = ("numara", "kod", "şifre")
OF_NUMBER = ("numaralı", "nolu", "kodlu")
"""After a number they say whose it is: ``4531 numaralı kayıt``."""
DIGITS = ("hane", "rakam", "basamak")
"""Beginnings of words for digits: ``on altı hane``."""
BETWEEN_CODE = words("""
    altındaki arkasındaki haneli ilk içindeki kayıtlı olan son yazan önündeki üstündeki üzerindeki
""")
OF_PHONE = words("""
    ev iş dükkan ofis büro mobil sabit bu şu o hangi bir yeni eski aynı yedek alan ülke şehir il memleket diğer öbür
    ikinci
""")
"""Before ``numarası`` or ``kodu`` they make it a telephone's."""

PLATE = ("plaka",)
VEHICLE = (
    *(
        "arac",
        "araç",
        "araba",
        "doblo",
        "panelvan",
        "megan",
        "egea",
        "otomobil",
        "minib",
        "kamyon",
        "motor",
        "motosiklet",
        "moped",
        "skuter",
    ),
    *("taksi", "otopark", "park"),
)
NO_LETTERS = words("""
    bey boş bul çok dün geç gel giy gün her hiç iki ise iyi kat kaç kez kim kış mal mi mu mü mı nem oda para pil saç sağ
    sol son su tam tek ton tuz var yaz yaş yer yol yok yüz üst iş el at et al aç as iç ay yıl kg cm mm gb tl km lt bar
    led tv u ka lg cad cd mah mh sok sk apt no d k ama ile gün kaç saat
""")
"""Short words beside numbers that are no letters of a plate."""
NO_VEHICLE = ("arabul", "motoru", "taksit", "motorun", "parka", "parke")
