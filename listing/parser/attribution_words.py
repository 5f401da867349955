"""Words that distinguish names of publications from titles, to score unknown names."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# short words in names, in the languages of the quoted press
PARTICLES = _words(
    """
    & al am and da das de dei del della dello den der des di die do du e el et for i im la le les los och of og
    the um und y
    """
)

# articles that begin names but not English titles
ARTICLES = _words(
    """
    al das de der die el het il la le les lo los o
    """
)

# function words: common in titles, rare in names
SENTENCE = _words(
    """
    a after again against aim aims am amid an are as at be beat beats become becomes been before bet bets
    between beyond build builds but buy buys by can come comes could did do does ever falls from get gets go
    goes had has have he here hit hits how if in inside into is it its join joins just launch launches lead
    leads learn learns like make makes may might more most must need needs never no not now off on one only open
    opens or our out over own plan plans push pushes rather rise rises said say says see seek seeks sees sell
    sells send sends serve serves she should so soon still take takes than thanks that their them there they
    this those to too turn turns under until up via wake wakes want wants was we were what when where which
    while who why will win wins with without would yet you your
    """
)

# words in names of newspapers and broadcasters
PRESS = _words(
    """
    advertiser agency allgemeine anzeiger argus avisen bladet blatt blog broadcasting bulletin businessweek
    chronicle corriere courier dagblad daily diario digest dispatch estado examiner expansión figaro folha
    gazeta gazette gazzetta giornale globe guardian handelsblad handelsblatt herald ilbo inquirer insider jornal
    journal ledger letters magazine monde monitor monthly morgen mundo nachrichten nacion nación network news
    newspaper nyheter observer pais país post posten pravda prensa press presse quarterly radio register report
    reporter repubblica review rundschau sentinel shimbun spectrum spiegel stampa tagblatt tageblatt telegraph
    times today tribune tv vedomosti weekly wire zeitung
    """
)

# words in names and in titles
PRESS_OR_NOT = _words(
    """
    affairs business echo express finance industry law mail mirror record science standard star sun tech
    technology world
    """
)

# subjects of the column: a name that consists only of these is not a publication
SUBJECTS = _words(
    """
    5g 6g africa ai airbus alibaba alipay amazon america american ant apple ar baidu batteries beijing boe
    boeing britain byd bytedance cars chengdu china chinese chips copyright data didi dji drones ericsson eu
    europe european ev evs facebook france gdp geely german germany google government guangzhou haier hangzhou
    hisense hong huawei india indian innovation intel iot ip ipo japan japanese jd jd.com kong korea korean
    lenovo meituan microsoft money netflix nio nokia nvidia oppo patent patents phones pinduoduo qualcomm r&d
    robot robots russia samsung shanghai shenzhen smic sony starbucks taiwan talent tech technology tencent
    tesla tiktok toyota trade trademarks trump twitter u.s. uber uk us vivo vr wechat wto wuhan xi xiaomi zte
    """
)
