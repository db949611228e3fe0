"""Writes weightnames.txt.gz: what published packages call the weights of their networks.

pip install torch torchvision timm efficientnet_pytorch efficientnet_lite_pytorch
python weightnames.py

Made with torchvision 0.29.2, timm 1.0.31, efficientnet_pytorch 0.7.1, efficientnet_lite_pytorch 0.1.0.
"""

import gzip

import efficientnet_lite_pytorch
import efficientnet_pytorch
import timm
import torchvision

TORCHVISION = ["mobilenet_v2", "mobilenet_v3_large", "mnasnet1_0", "resnet18", "resnet50",
               "shufflenet_v2_x2_0", "efficientnet_b0"]
TIMM = ["mobilenetv2_100", "mobilenetv2_140", "mnasnet_100", "resnet18", "resnet50", "efficientnet_b0"]


def networks():
    for name in TORCHVISION:
        yield "torchvision/" + name, getattr(torchvision.models, name)(weights=None)
    for name in TIMM + [f"tf_efficientnet_lite{i}" for i in range(5)]:
        yield "timm/" + name, timm.create_model(name, pretrained=False)
    name = "efficientnet-b0"
    yield "efficientnet_pytorch/" + name, efficientnet_pytorch.EfficientNet.from_name(name)
    for i in range(5):
        name = f"efficientnet-lite{i}"
        yield "efficientnet_lite_pytorch/" + name, efficientnet_lite_pytorch.EfficientNet.from_name(name)


with open("weightnames.txt.gz", "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as out:
    for title, network in networks():
        out.write(f"# {title}\n".encode())
        for name, value in network.state_dict().items():
            out.write(f"{name} {'x'.join(map(str, value.shape))}\n".encode())
