"""The pages in Airflow: what is published and how it got there, and the alert inbox."""
