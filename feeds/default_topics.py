"""The topics of the column that hold without a configuration: companies, technologies and law that it keeps coming back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DEFAULT_TOPICS: Mapping[str, Sequence[str]] = {
    # companies
    "Alibaba": ["Alibaba*", "Taobao", "Tmall", "Alipay", "Ant Financial", "Ant Group"],
    "Baidu": ["Baidu*"],
    "BOE": ["BOE"],
    "BYD": ["BYD"],
    "ByteDance": ["ByteDance*", "TikTok*", "Tik Tok", "Douyin", "Toutiao"],
    "CATL": ["CATL", "Contemporary Amperex"],
    "Didi": ["Didi"],
    "DJI": ["DJI"],
    "Geely": ["Geely*"],
    "Haier": ["Haier*"],
    "Huawei": ["Huawei*", "HiSilicon"],
    "JD.com": ["JD.com"],
    "Lenovo": ["Lenovo*"],
    "Meituan": ["Meituan*"],
    "OPPO and vivo": ["Oppo", "OnePlus", "Vivo phone*", "Vivo smartphone*"],
    "SenseTime and Megvii": ["SenseTime*", "Megvii*"],
    "SMIC": ["SMIC", "Semiconductor Manufacturing International"],
    "Tencent": ["Tencent*", "WeChat*", "Weixin"],
    "Xiaomi": ["Xiaomi*"],
    "ZTE": ["ZTE"],
    # technologies
    "5G and telecoms": ["5G", "6G", "telecom*", "base station*"],
    "Artificial intelligence": ["AI", "artificial intelligence", "machine learning", "deep learning", "neural network*"],
    "Autonomous driving": [
        "self driving", "driverless", "autonomous driving", "autonomous vehicle*", "autonomous car*", "robotaxi*",
    ],
    "Batteries": ["battery", "batteries", "lithium"],
    "Biotechnology and medicine": [
        "biotech*", "gene", "genes", "genetic*", "genom*", "vaccine*", "drug*", "medicine*", "medical", "clinical",
    ],
    "Blockchain": ["blockchain*", "bitcoin*", "cryptocurrenc*", "digital currency", "digital yuan"],
    "Clean energy": [
        "solar power*", "solar energy", "solar panel*", "solar cell*", "solar farm*", "solar plant*",
        "solar industry", "wind power", "wind farm*", "wind turbine*", "renewable*", "clean energy", "photovoltaic*",
        "hydropower",
    ],
    "Drones": ["drone", "drones", "unmanned aerial"],
    "E-commerce": [
        "e-commerce", "ecommerce", "online shopping", "online retail*", "livestream*", "live stream*", "Singles Day",
        "Singles' Day", "Singles’ Day",
    ],
    "Electric vehicles": [
        "electric vehicle*", "electric car*", "electric bus*", "EV", "EVs", "new energy vehicle*", "NEV", "NEVs",
    ],
    "Facial recognition": ["facial recognition", "face recognition", "facial scan*"],
    "Fintech": ["fintech*", "mobile payment*", "cashless", "digital payment*", "Alipay", "WeChat Pay"],
    "High-speed rail": ["high-speed rail*", "high-speed train*", "bullet train*", "maglev*"],
    "Quantum technology": [
        "quantum comput*", "quantum communicat*", "quantum technolog*", "quantum scien*", "quantum physic*",
        "quantum satellite*", "quantum network*", "quantum internet", "quantum key*", "quantum cryptograph*",
        "quantum entangle*",
    ],
    "Robots": ["robot*", "automation"],
    "Semiconductors": ["semiconductor*", "chip", "chips", "chipset*", "chipmak*", "microchip*"],
    "Smart cities": ["smart city", "smart cities", "City Brain"],
    "Space": [
        "space station*", "space agency", "space program*", "space exploration", "spacecraft*", "astronaut*",
        "rocket", "rockets", "satellite*", "the moon", "moon landing*", "moon mission*", "moon probe*", "moon rover*",
        "lunar probe*", "lunar mission*", "lunar rover*", "lunar lander*", "lunar exploration", "lunar surface",
        "Mars mission*", "Mars probe*", "Mars rover*", "Beidou", "Chang'e*", "Chang’e*",
    ],
    "Supercomputers": ["supercomput*"],
    # law and policy
    "Copyright": ["copyright*", "piracy", "pirated"],
    "Courts and enforcement": ["IP court*", "intellectual property court*", "lawsuit*", "infring*", "counterfeit*"],
    "Patents": ["patent", "patents", "patented", "patenting", "patentee*", "patentab*"],
    "Research and universities": ["universit*", "research paper*", "scientific research", "laborator*", "R&D"],
    "Start-ups": ["startup*", "start-up", "start-ups", "unicorn*", "incubator*"],
    "Trade and investment": ["trade war*", "tariff*", "foreign invest*", "Belt and Road"],
    "Trademarks": ["trademark*", "trade mark", "trade marks"],
}  # fmt: skip
