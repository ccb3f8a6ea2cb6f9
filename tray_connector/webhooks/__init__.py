"""Webhooks: deliveries are taken in, proved authentic and made durable; hooks and tunnel are looked after."""
