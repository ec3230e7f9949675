"""The common way of the small datasets: raw receipts in, one edition a service day out."""
