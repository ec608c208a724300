// Starts the application.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';

const target = document.getElementById('app');
if (target) mount(App, { target });
